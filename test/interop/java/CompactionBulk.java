// Fills a compacted topic for the bench: about BYTES of records whose keys are drawn from KEYS different ones.
//
//   CompactionBulk HOST:PORT TOPIC BYTES VALUE_BYTES KEYS CODEC
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Random;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;

public class CompactionBulk {
  public static void main(String[] args) throws Exception {
    String server = args[0], topic = args[1];
    long bytes = Long.parseLong(args[2]);
    int size = Integer.parseInt(args[3]), keys = Integer.parseInt(args[4]);
    Properties p = new Properties();
    p.put("bootstrap.servers", server);
    try (Admin admin = Admin.create(p)) {
      NewTopic made = new NewTopic(topic, 1, (short) 1);
      made.configs(Map.of("cleanup.policy", "compact", "segment.bytes", "268435456", "min.cleanable.dirty.ratio", "0.01"));
      admin.createTopics(List.of(made)).all().get();
    }
    p.put("key.serializer", ByteArraySerializer.class.getName());
    p.put("value.serializer", ByteArraySerializer.class.getName());
    p.put("compression.type", args[5]);
    p.put("linger.ms", "5");
    p.put("batch.size", "65536");
    p.put("enable.idempotence", "false");
    p.put("acks", "1");
    Random random = new Random(7);
    byte[][] values = new byte[16][size];  // half random, half text: what a codec can make something of
    for (byte[] value : values) {
      random.nextBytes(value);
      for (int i = 0; i < size / 2; i++) value[i] = (byte) ('a' + i % 23);
    }
    long records = bytes / (size + 20);
    try (KafkaProducer<byte[], byte[]> producer = new KafkaProducer<>(p)) {
      for (long i = 0; i < records; i++) {
        byte[] key = ("key-" + random.nextInt(keys)).getBytes(StandardCharsets.UTF_8);
        producer.send(new ProducerRecord<>(topic, key, values[(int) (i % values.length)]));
      }
    }
    System.out.println(records);
  }
}
