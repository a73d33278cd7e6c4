// The Java client (4.3 and 3.9: the same source) in the feature matrix: command line and facts as in
// python/matrix_common.py.

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.ExecutionException;
import java.util.function.BooleanSupplier;
import java.util.stream.Collectors;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.ConsumerGroupDescription;
import org.apache.kafka.clients.admin.ListOffsetsResult;
import org.apache.kafka.clients.admin.NewPartitions;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.consumer.ConsumerRebalanceListener;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.errors.ApiException;
import org.apache.kafka.common.protocol.Errors;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;

public class Matrix {
    private static final int PARTITIONS = 4;
    private static final int RECORDS = 200;
    private static final long BASE_TIME = 1700000000000L;
    private static final Duration TICK = Duration.ofMillis(50);

    private final String bootstrap;
    private final String prefix;
    private final String protocol;
    private final String topic;

    private Matrix(String bootstrap, String prefix, String protocol) {
        this.bootstrap = bootstrap;
        this.prefix = prefix;
        this.protocol = protocol;
        topic = prefix + "-data";
    }

    public static void main(String[] args) {
        Matrix matrix = new Matrix(args[0], args[1], args[2]);
        for (int a = 3; a < args.length; a++) {
            System.out.println("= " + args[a]);
            try {
                matrix.feature(args[a]);
            } catch (Throwable error) {
                error.printStackTrace();
                System.out.println("! " + error.toString().replaceAll("\\s+", " "));
            }
            System.out.flush();
        }
        System.exit(0);
    }

    private void feature(String name) throws Exception {
        switch (name) {
            case "produce" -> produce();
            case "consume" -> consume();
            case "rebalance" -> rebalance();
            case "static" -> staticMember();
            case "seek" -> seek();
            case "commit" -> commit();
            case "reset" -> reset();
            case "topics" -> topics();
            case "groups" -> groups();
            case "delgroup" -> deleteGroup();
            case "lag" -> lag();
            default -> System.out.println("- unknown feature");
        }
    }

    private static void say(String format, Object... values) {
        System.out.println(String.format(format, values));
    }

    private static void until(String words, BooleanSupplier what) {
        long end = System.nanoTime() + 40_000_000_000L;
        while (!what.getAsBoolean()) {
            if (System.nanoTime() > end) throw new IllegalStateException("not in time: " + words);
        }
    }

    private TopicPartition at(int partition) {
        return new TopicPartition(topic, partition);
    }

    private static String fact(ConsumerRecord<byte[], byte[]> record) {
        String header = record.headers().toArray().length == 1
            ? new String(record.headers().lastHeader("n").value(), StandardCharsets.UTF_8) : "headers?";
        return String.format("%d %d %d %s %s %s", record.partition(), record.offset(), record.timestamp(),
            new String(record.key(), StandardCharsets.UTF_8), new String(record.value(), StandardCharsets.UTF_8),
                header);
    }

    /** A consumer that remembers the first offset of each partition and all that it read. */
    private final class Member implements AutoCloseable, ConsumerRebalanceListener {
        final KafkaConsumer<byte[], byte[]> consumer;
        final TreeMap<List<Long>, String> facts = new TreeMap<>(
            (left, right) -> Arrays.compare(left.toArray(Long[]::new), right.toArray(Long[]::new)));
        final Map<Integer, Long> first = new TreeMap<>();
        int revocations;

        Member(String group, String... settings) {
            Map<String, Object> config = new HashMap<>(Map.of("bootstrap.servers", bootstrap, "group.protocol",
                protocol,
                "auto.offset.reset", "earliest", "enable.auto.commit", "false"));
            if (protocol.equals("classic")) config.put("heartbeat.interval.ms", "500");
            if (group != null) config.put("group.id", prefix + "-" + group);
            for (int i = 0; i < settings.length; i += 2) config.put(settings[i], settings[i + 1]);
            consumer = new KafkaConsumer<>(config, new ByteArrayDeserializer(), new ByteArrayDeserializer());
        }

        Member subscribe() {
            consumer.subscribe(List.of(topic), this);
            return this;
        }

        Member await(int partitions) {
            until(partitions + " partitions", () -> poll() && consumer.assignment().size() == partitions);
            return this;
        }

        Member read() {
            until("a record of each partition", () -> poll() && first.size() == PARTITIONS);
            return this;
        }

        boolean poll() {
            for (ConsumerRecord<byte[], byte[]> record : consumer.poll(TICK)) {
                first.putIfAbsent(record.partition(), record.offset());
                facts.put(List.of((long) record.partition(), record.offset()), fact(record));
            }
            return true;
        }

        Set<Integer> partitions() {
            return consumer.assignment().stream().map(TopicPartition::partition).collect(Collectors.toCollection(
                TreeSet::new));
        }

        String firsts() {
            return first.values().stream().map(String::valueOf).collect(Collectors.joining(" "));
        }

        @Override public void onPartitionsRevoked(Collection<TopicPartition> partitions) {
            if (!partitions.isEmpty()) revocations++;
        }

        @Override public void onPartitionsAssigned(Collection<TopicPartition> partitions) {}

        @Override public void close() {
            consumer.close();
        }
    }

    private static String counts(Member... members) {
        List<Integer> all = new ArrayList<>();
        for (Member member : members) all.addAll(member.partitions());
        all.sort(null);
        String sizes = Arrays.stream(members).map(m -> "" + m.partitions().size()).collect(Collectors.joining(" "));
        return sizes + (all.equals(List.of(0, 1, 2, 3)) ? " all" : " " + all);
    }

    private Map<TopicPartition, OffsetAndMetadata> offsets(long... values) {
        Map<TopicPartition, OffsetAndMetadata> map = new HashMap<>();
        for (int i = 0; i < values.length; i++) map.put(at(i), new OffsetAndMetadata(values[i]));
        return map;
    }

    private static <T> int code(org.apache.kafka.common.KafkaFuture<T> future) throws Exception {
        try {
            future.get();
            return 0;
        } catch (ExecutionException error) {
            if (error.getCause() instanceof ApiException cause) return Errors.forException(cause).code();
            throw error;
        }
    }

    private Admin admin() {
        return Admin.create(Map.of("bootstrap.servers", bootstrap));
    }

    private void produce() throws Exception {
        try (KafkaProducer<byte[], byte[]> producer = new KafkaProducer<>(Map.of("bootstrap.servers", bootstrap),
                new ByteArraySerializer(), new ByteArraySerializer())) {
            List<java.util.concurrent.Future<?>> sends = new ArrayList<>();
            for (int i = 0; i < RECORDS; i++) {
                ProducerRecord<byte[], byte[]> record = new ProducerRecord<>(topic, i % PARTITIONS,
                    BASE_TIME + 1000L * i,
                    ("key-" + i).getBytes(), ("value-" + i + " of " + topic).getBytes());
                record.headers().add("n", ("" + i).getBytes());
                sends.add(producer.send(record));
            }
            for (var send : sends) send.get();
            say("acknowledged %d", sends.size());
        }
    }

    private void consume() {
        try (Member member = new Member("consume").subscribe()) {
            until("all records", () -> member.poll() && member.facts.size() >= RECORDS);
            member.facts.values().forEach(System.out::println);
            member.consumer.commitSync();
        }
    }

    private void rebalance() {
        TreeSet<String> read = new TreeSet<>();
        try (Member one = new Member("rebalance").subscribe()) {
            one.await(PARTITIONS);
            say("alone %s", counts(one));
            try (Member two = new Member("rebalance").subscribe()) {
                until("two each", () -> one.poll() && two.poll() && one.partitions().size() == 2 && two.partitions(
                    ).size() == 2);
                say("joined %s", counts(one, two));
                until("the second's records", () -> one.poll() && two.poll() && two.first.size() == 2);
                read.addAll(two.facts.values());
            }
            one.await(PARTITIONS);
            say("left %s", counts(one));
            until("all records", () -> {
                one.poll();
                read.addAll(one.facts.values());
                return read.size() >= RECORDS;
            });
            say("read %d", read.size());
        }
    }

    private void staticMember() {
        Member one = new Member("static", "group.instance.id", "one").subscribe();
        try (Member two = new Member("static", "group.instance.id", "two").subscribe()) {
            until("two each", () -> one.poll() && two.poll() && one.partitions().size() == 2 && two.partitions().size(
                ) == 2);
            say("both %s", counts(one, two));
            Set<Integer> before = one.partitions();
            two.revocations = 0;
            one.close();
            for (int i = 0; i < 20; i++) two.poll();
            try (Member again = new Member("static", "group.instance.id", "one").subscribe()) {
                until("its partitions", () -> again.poll() && two.poll() && !again.partitions().isEmpty());
                say("again %s", again.partitions().equals(before) ? "same" : "others");
                say("other %s", two.revocations == 0 ? "undisturbed" : "revoked");
            }
        }
    }

    private void seek() {
        try (Member member = new Member(null)) {
            member.consumer.assign(List.of(at(0)));
            member.consumer.seek(at(0), 17);
            until("records", () -> member.poll() && member.facts.size() >= 3);
            member.facts.values().stream().limit(3).forEach(System.out::println);
            member.consumer.seekToBeginning(List.of(at(0)));
            say("begin 0 %d", member.consumer.position(at(0)));
            member.consumer.seekToEnd(List.of(at(0)));
            say("end 0 %d", member.consumer.position(at(0)));
            say("time 2 %d", member.consumer.offsetsForTimes(Map.of(at(2), BASE_TIME + 102_000L)).get(at(2)).offset());
        }
    }

    private void commit() {
        // Reading first: committed() may otherwise take over the answer of the look-up that the assignment began.
        try (Member member = new Member("commit").subscribe().read()) {
            member.consumer.commitSync(offsets(10, 20));
            var committed = member.consumer.committed(Set.of(at(0), at(1), at(2), at(3)));
            for (int p = 0; p < PARTITIONS; p++) {
                say("committed %d %s", p, committed.get(at(p)) == null ? "-" : "" + committed.get(at(p)).offset());
            }
        }
        try (Member member = new Member("commit").subscribe().read()) {
            member.first.forEach((partition, offset) -> say("resumes %d %d", partition, offset));
        }
    }

    private void reset() throws Exception {
        try (Member member = new Member("reset").subscribe().read()) {
            say("earliest %s", member.firsts());
            member.consumer.commitSync(offsets(50, 50, 50, 50));
        }
        try (Member member = new Member("reset-latest", "auto.offset.reset", "latest").subscribe().await(PARTITIONS)) {
            say("latest %d %d %d %d", member.consumer.position(at(0)), member.consumer.position(at(1)),
                member.consumer.position(at(2)), member.consumer.position(at(3)));
        }
        try (Admin admin = admin()) {
            admin.alterConsumerGroupOffsets(prefix + "-reset", offsets(5, 5, 5, 5)).all().get();
            try (Member member = new Member("reset").subscribe().read()) {
                say("reset %s", member.firsts());
            }
            admin.alterConsumerGroupOffsets(prefix + "-reset", offsets(1000, 1000, 1000, 1000)).all().get();
        }
        try (Member member = new Member("reset").subscribe().read()) {
            say("beyond %s", member.firsts());
        }
    }

    private String config(Admin admin, ConfigResource resource, String name) {
        try {
            return admin.describeConfigs(List.of(resource)).all().get().get(resource).get(name).value();
        } catch (Exception error) {
            throw new IllegalStateException(error);
        }
    }

    private int partitions(Admin admin, String name) {
        try {
            return admin.describeTopics(List.of(name)).allTopicNames().get().get(name).partitions().size();
        } catch (Exception error) {
            return -1;
        }
    }

    /** What was changed may be seen a moment later: Kafka's broker follows its controller. */
    private void topics() throws Exception {
        String name = prefix + "-admin";
        ConfigResource resource = new ConfigResource(ConfigResource.Type.TOPIC, name);
        try (Admin admin = admin()) {
            NewTopic wanted = new NewTopic(name, 3, (short) 1).configs(Map.of("retention.ms", "1234567"));
            admin.createTopics(List.of(wanted)).all().get();
            until("the topic", () -> partitions(admin, name) > 0);
            say("created %d", partitions(admin, name));
            say("again %d", code(admin.createTopics(List.of(wanted)).all()));
            say("config retention.ms=%s", config(admin, resource, "retention.ms"));
            admin.incrementalAlterConfigs(Map.of(resource, List.of(new AlterConfigOp(
                new ConfigEntry("max.message.bytes", "54321"), AlterConfigOp.OpType.SET)))).all().get();
            until("the new value", () -> config(admin, resource, "max.message.bytes").equals("54321"));
            say("altered max.message.bytes=%s retention.ms=%s", config(admin, resource, "max.message.bytes"),
                config(admin, resource, "retention.ms"));
            admin.createPartitions(Map.of(name, NewPartitions.increaseTo(5))).all().get();
            until("more partitions", () -> partitions(admin, name) != 3);
            say("partitions %d", partitions(admin, name));
            admin.deleteTopics(List.of(name)).all().get();
            until("the topic to be gone", () -> partitions(admin, name) < 0);
            say("deleted %s", admin.listTopics().names().get().contains(name) ? "not" : "yes");
        }
    }

    private void groups() throws Exception {
        String group = prefix + "-groups";
        try (Admin admin = admin(); Member member = new Member("groups").subscribe().await(PARTITIONS)) {
            say("listed %s", admin.listConsumerGroups().all().get().stream().anyMatch(g -> g.groupId().equals(
                group)) ? "yes" : "no");
            ConsumerGroupDescription found = admin.describeConsumerGroups(List.of(group)).all().get().get(group);
            say("state %s", found.state().toString());
            say("members %d", found.members().size());
            say("assigned %s", found.members().iterator().next().assignment().topicPartitions().stream()
                .map(TopicPartition::partition).sorted().map(String::valueOf).collect(Collectors.joining(" ")));
        }
    }

    private void deleteGroup() throws Exception {
        String group = prefix + "-delgroup";
        try (Admin admin = admin()) {
            try (Member member = new Member("delgroup").subscribe().await(PARTITIONS)) {
                member.consumer.commitSync(offsets(1, 2, 3, 4));
                say("active %d", code(admin.deleteConsumerGroups(List.of(group)).all()));
            }
            say("empty %d", code(admin.deleteConsumerGroups(List.of(group)).all()));
            say("listed %s", admin.listConsumerGroups().all().get().stream().anyMatch(g -> g.groupId().equals(
                group)) ? "yes" : "no");
        }
    }

    private void lag() throws Exception {
        try (Admin admin = admin(); Member member = new Member("lag").subscribe().await(PARTITIONS)) {
            member.consumer.commitSync(offsets(10, 20, 30, 50));
            var committed = admin.listConsumerGroupOffsets(prefix + "-lag").partitionsToOffsetAndMetadata().get();
            Map<TopicPartition, OffsetSpec> ends = new HashMap<>();
            for (int p = 0; p < PARTITIONS; p++) ends.put(at(p), OffsetSpec.latest());
            Map<TopicPartition, ListOffsetsResult.ListOffsetsResultInfo> latest = admin.listOffsets(ends).all().get();
            for (int p = 0; p < PARTITIONS; p++) {
                long from = committed.get(at(p)).offset();
                long end = latest.get(at(p)).offset();
                say("lag %d %d %d %d", p, from, end, end - from);
            }
        }
    }
}
