// The Java client (4.3 and 3.9: the same source) as a client of the matrix. Command line as in python/common.py,
// content as in python/content.py; a topic may carry its own number of records (NAME@RECORDS, NAME:CODEC@RECORDS). The
// producer runs with its default settings, so it is idempotent; the consumer assigns partitions.

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.internals.RecordHeader;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;

public class Client {
    private static final byte[] PATTERN = "abcdefghijklmnopqrstuvwxyz0123456789".repeat(160)
        .getBytes(StandardCharsets.US_ASCII);

    public static void main(String[] args) throws Exception {
        if (args[0].equals("expect")) {
            int partitions = Integer.parseInt(args[1]);
            int records = Integer.parseInt(args[2]);
            for (int a = 3; a < args.length; a++) {
                Sum[] sums = sums(partitions);
                for (int i = 0; i < records; i++) sums[i % partitions].add(i / partitions, new Content(args[a], i));
                print(args[a], sums);
            }
            return;
        }
        int partitions = Integer.parseInt(args[2]);
        for (int a = 4; a < args.length; a++) {
            int at = args[a].indexOf('@');
            int records = Integer.parseInt(at < 0 ? args[3] : args[a].substring(at + 1));
            String topic = at < 0 ? args[a] : args[a].substring(0, at);
            if (args[0].equals("produce")) {
                int colon = topic.lastIndexOf(':');
                produce(args[1], topic.substring(0, colon), topic.substring(colon + 1), partitions, records);
            } else {
                consume(args[1], topic, partitions, records);
            }
        }
    }

    private static void produce(String bootstrap, String topic, String codec, int partitions, int records)
        throws Exception {
        AtomicReference<Exception> failure = new AtomicReference<>();
        Sum[] sums = sums(partitions);
        try (KafkaProducer<byte[], byte[]> producer = new KafkaProducer<>(
                Map.of("bootstrap.servers", bootstrap, "compression.type", codec), new ByteArraySerializer(),
                    new ByteArraySerializer())) {
            for (int i = 0; i < records; i++) {
                Content content = new Content(topic, i);
                sums[i % partitions].add(i / partitions, content);
                producer.send(new ProducerRecord<>(topic, i % partitions, content.key, content.value,
                    content.headers), (metadata, error) -> {
                    if (error != null) failure.compareAndSet(null, error);
                });
            }
            producer.flush();
        }
        if (failure.get() != null) throw failure.get();
        print(topic, sums);
    }

    private static void consume(String bootstrap, String topic, int partitions, int records) throws Exception {
        Sum[] sums = sums(partitions);
        try (KafkaConsumer<byte[], byte[]> consumer = new KafkaConsumer<>(
                Map.of("bootstrap.servers", bootstrap, "enable.auto.commit", false), new ByteArrayDeserializer(),
                    new ByteArrayDeserializer())) {
            List<TopicPartition> assignment = new ArrayList<>();
            for (int p = 0; p < partitions; p++) assignment.add(new TopicPartition(topic, p));
            consumer.assign(assignment);
            consumer.seekToBeginning(assignment);
            int seen = 0;
            int idle = 0;
            while (seen < records) {
                ConsumerRecords<byte[], byte[]> batch = consumer.poll(Duration.ofSeconds(1));
                idle = batch.isEmpty() ? idle + 1 : 0;
                if (idle > 30) throw new IllegalStateException(topic + ": only " + seen + " of " + records
                    + " records came");
                for (ConsumerRecord<byte[], byte[]> record : batch) {
                    List<Header> headers = new ArrayList<>();
                    record.headers().forEach(headers::add);
                    sums[record.partition()].add(record.offset(), new Content(record.key(), record.value(), headers));
                    seen++;
                }
            }
        }
        print(topic, sums);
    }

    private static Sum[] sums(int partitions) throws Exception {
        Sum[] sums = new Sum[partitions];
        for (int p = 0; p < partitions; p++) sums[p] = new Sum();
        return sums;
    }

    private static void print(String topic, Sum[] sums) {
        for (int p = 0; p < sums.length; p++) {
            System.out.println("sum " + topic + " " + p + " " + sums[p].count + " "
                + HexFormat.of().formatHex(sums[p].digest.digest()));
        }
        System.out.flush();
    }

    /** Record i of a topic. */
    private static final class Content {
        final byte[] key;
        final byte[] value;
        final List<Header> headers;

        Content(byte[] key, byte[] value, List<Header> headers) {
            this.key = key;
            this.value = value;
            this.headers = headers;
        }

        Content(String topic, int i) {
            long r = mix(seed(topic) + i);
            long r2 = mix(r);
            key = i % 7 == 3 ? null : ("k" + i % 1000).getBytes(StandardCharsets.US_ASCII);
            int length = i % 101 == 50 ? 2000 + (int) Long.remainderUnsigned(r,
                3000) : (int) Long.remainderUnsigned(r, 180);
            int start = (int) Long.remainderUnsigned(r2, 36);
            boolean nullValue = i % 13 == 5 && key != null;
            headers = new ArrayList<>();
            if (topic.endsWith("-text")) {
                byte[] head = String.format("%016x%016x", r, r2).getBytes(StandardCharsets.US_ASCII);
                value = nullValue ? null : ByteBuffer.allocate(32 + length).put(head).put(PATTERN, start,
                    length).array();
                headers.add(new RecordHeader("source", "kcat".getBytes(StandardCharsets.US_ASCII)));
                headers.add(new RecordHeader("kind", "text".getBytes(StandardCharsets.US_ASCII)));
                return;
            }
            if (nullValue) {
                value = null;
            } else if (i % 17 == 2) {
                value = new byte[0];
            } else {
                byte[] all = ByteBuffer.allocate(16 + length).putLong(r).putLong(r2).put(PATTERN, start,
                    length).array();
                value = java.util.Arrays.copyOf(all, length);
            }
            for (int j = 0; j < i % 3; j++) {
                byte[] none = topic.startsWith("kafka-python") ? new byte[0] : null;
                byte[] field = (i + j) % 11 == 4 ? none : ("v" + (r >>> 40)).getBytes(StandardCharsets.US_ASCII);
                headers.add(new RecordHeader("h" + j, field));
            }
        }

        private static long seed(String topic) {
            long value = 0xCBF29CE484222325L;
            for (byte b : topic.getBytes(StandardCharsets.UTF_8)) value = (value ^ (b & 0xff)) * 0x100000001B3L;
            return value;
        }

        private static long mix(long value) {
            value += 0x9E3779B97F4A7C15L;
            value = (value ^ (value >>> 30)) * 0xBF58476D1CE4E5B9L;
            value = (value ^ (value >>> 27)) * 0x94D049BB133111EBL;
            return value ^ (value >>> 31);
        }
    }

    /** The running sum of one partition. */
    private static final class Sum {
        final MessageDigest digest = MessageDigest.getInstance("SHA-256");
        final ByteBuffer number = ByteBuffer.allocate(8);
        int count;

        Sum() throws Exception {}

        void add(long offset, Content content) {
            digest.update(number.clear().putLong(offset).flip());
            field(content.key);
            field(content.value);
            digest.update(number.clear().putInt(content.headers.size()).flip());
            for (Header header : content.headers) {
                field(header.key().getBytes(StandardCharsets.UTF_8));
                field(header.value());
            }
            count++;
        }

        private void field(byte[] bytes) {
            digest.update(number.clear().putInt(bytes == null ? -1 : bytes.length).flip());
            if (bytes != null) digest.update(bytes);
        }
    }
}
