// Fills a compacted topic with what compaction has rules for: every codec, tombstones, keys that come again, small and
// large values, idempotent producers that stop, committed and aborted transactions, empty keys, headers.
//
//   CompactionLoad HOST:PORT TOPIC SEED BATCHES
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Random;
import java.util.concurrent.Future;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;

public class CompactionLoad {
  static final String[] CODECS = {"none", "gzip", "snappy", "lz4", "zstd"};

  static KafkaProducer<byte[], byte[]> producer(String server, String codec, String transaction) {
    Properties p = new Properties();
    p.put("bootstrap.servers", server);
    p.put("key.serializer", ByteArraySerializer.class.getName());
    p.put("value.serializer", ByteArraySerializer.class.getName());
    p.put("compression.type", codec);
    p.put("linger.ms", "20");
    p.put("batch.size", "4000");
    if (transaction != null) p.put("transactional.id", transaction);
    return new KafkaProducer<>(p);
  }

  // Even seeds use old timestamps: the producers are then long expired, and their last batches need not stay.
  static long firstTimestamp;

  static ProducerRecord<byte[], byte[]> record(String topic, Random random, long tag) {
    int choice = random.nextInt(100);
    String key = choice == 0 ? "" : "key-" + random.nextInt(random.nextInt(2) == 0 ? 3000 : 25);
    byte[] value = random.nextInt(8) == 0 ? null
        : (tag + ":" + "v".repeat(random.nextInt(random.nextInt(10) == 0 ? 900 : 60))).getBytes(StandardCharsets.UTF_8);
    ProducerRecord<byte[], byte[]> made =
        new ProducerRecord<>(topic, 0, firstTimestamp + tag, key.getBytes(StandardCharsets.UTF_8), value);
    if (random.nextInt(5) == 0) made.headers().add("h" + random.nextInt(3), ("x" + tag).getBytes(StandardCharsets.UTF_8));
    return made;
  }

  public static void main(String[] args) throws Exception {
    String server = args[0], topic = args[1];
    Random random = new Random(Long.parseLong(args[2]));
    int rounds = Integer.parseInt(args[3]);
    firstTimestamp = Long.parseLong(args[2]) % 2 == 0 ? 1767225600000L : System.currentTimeMillis() - 60000;
    Properties p = new Properties();
    p.put("bootstrap.servers", server);
    try (Admin admin = Admin.create(p)) {
      Map<String, String> configs = new HashMap<>();
      configs.put("cleanup.policy", "compact");
      configs.put("internal.segment.bytes", "40000");
      configs.put("index.interval.bytes", "500");
      configs.put("min.cleanable.dirty.ratio", "0.01");
      configs.put("message.timestamp.before.max.ms", "9223372036854775807");
      admin.createTopics(List.of(new NewTopic(topic, 1, (short) 1).configs(configs))).all().get();
    }
    long tag = 0;
    for (int round = 0; round < rounds; round++) {
      String codec = CODECS[random.nextInt(CODECS.length)];
      boolean transactional = random.nextInt(3) == 0;
      try (KafkaProducer<byte[], byte[]> producer =
               producer(server, codec, transactional ? "t" + random.nextInt(3) : null)) {
        if (transactional) producer.initTransactions();
        int parts = 1 + random.nextInt(4);
        for (int part = 0; part < parts; part++) {
          if (transactional) producer.beginTransaction();
          List<Future<?>> sent = new ArrayList<>();
          int records = 1 + random.nextInt(120);
          for (int i = 0; i < records; i++) sent.add(producer.send(record(topic, random, tag++)));
          producer.flush();
          for (Future<?> one : sent) one.get();
          if (transactional && random.nextInt(3) == 0) producer.abortTransaction();
          else if (transactional) producer.commitTransaction();
        }
      }
    }
    System.out.println(tag);
  }
}
