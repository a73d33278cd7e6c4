// Every method of Kafka's AdminClient that one broker can answer, called well and badly, in the same order on every
// broker.
//
//   peer.sh java AdminCalls HOST:PORT      prints a line of JSON a call: {"call": NAME, "answer": ...}; and at the end
//                                          the methods of Admin that no call used, {"call": "unused methods", ...}
//
// An answer is the value of each future that the result has, or the class and message of its exception. What differs
// from broker to broker by nature (ids, times, paths, ports) is replaced by python/adminclient.py, which compares.

import com.fasterxml.jackson.databind.ObjectMapper;
import java.lang.reflect.Modifier;
import java.lang.reflect.Proxy;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.admin.*;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.ElectionType;
import org.apache.kafka.common.GroupState;
import org.apache.kafka.common.GroupType;
import org.apache.kafka.common.IsolationLevel;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.TopicCollection;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.TopicPartitionReplica;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.acl.AccessControlEntry;
import org.apache.kafka.common.acl.AclBinding;
import org.apache.kafka.common.acl.AclBindingFilter;
import org.apache.kafka.common.acl.AclOperation;
import org.apache.kafka.common.acl.AclPermissionType;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.config.ConfigResource.Type;
import org.apache.kafka.common.quota.ClientQuotaAlteration;
import org.apache.kafka.common.quota.ClientQuotaEntity;
import org.apache.kafka.common.quota.ClientQuotaFilter;
import org.apache.kafka.common.quota.ClientQuotaFilterComponent;
import org.apache.kafka.common.resource.PatternType;
import org.apache.kafka.common.resource.ResourcePattern;
import org.apache.kafka.common.resource.ResourceType;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;

public class AdminCalls {
    private static final ObjectMapper MAPPER = new ObjectMapper();
    private static final TopicPartition A0 = new TopicPartition("a", 0);
    private static final TopicPartition A1 = new TopicPartition("a", 1);
    private static final TopicPartition NOWHERE = new TopicPartition("nowhere", 0);

    private final String bootstrap;
    private final Admin admin;
    private final Set<String> used = new TreeSet<>();
    private int node;

    private AdminCalls(String bootstrap) {
        this.bootstrap = bootstrap;
        Admin real = Admin.create(Map.of("bootstrap.servers", bootstrap, "default.api.timeout.ms", "15000",
            "request.timeout.ms", "10000"));
        admin = (Admin) Proxy.newProxyInstance(AdminCalls.class.getClassLoader(), new Class<?>[] {Admin.class},
            (proxy, method, arguments) -> {
                used.add(method.getName());
                try {
                    return method.invoke(real, arguments);
                } catch (java.lang.reflect.InvocationTargetException error) {
                    throw error.getCause();
                }
            });
    }

    public static void main(String[] args) throws Exception {
        AdminCalls calls = new AdminCalls(args[0]);
        calls.node = calls.admin.describeCluster().nodes().get().iterator().next().id();
        calls.topics();
        calls.configs();
        calls.records();
        calls.groups();
        calls.members();
        calls.cluster();
        calls.quotasAndUsers();
        calls.later();
        TreeSet<String> unused = new TreeSet<>();
        calls.admin.close(Duration.ofSeconds(5));
        for (var method : Admin.class.getMethods()) {
            if (!Modifier.isStatic(method.getModifiers()) && !calls.used.contains(method.getName())) unused.add(
                method.getName());
        }
        calls.print("unused methods", unused);
        System.exit(0);
    }

    private void print(String name, Object answer) throws Exception {
        System.out.println(MAPPER.writeValueAsString(Map.of("call", name, "answer", answer == null ? "null" : answer)));
        System.out.flush();
    }

    /** Calls and prints what comes of it. */
    private void call(String name, Callable<Object> what) throws Exception {
        Object answer;
        try {
            answer = show(what.call());
        } catch (Throwable error) {
            answer = failure(error);
        }
        print(name, answer);
    }

    /** Of an error that comes after retries only the kind is shown: its words tell of the time that has passed. */
    private static Object kindOf(KafkaFuture<?> future) throws InterruptedException {
        try {
            return future.get();
        } catch (ExecutionException error) {
            return error.getCause().getClass().getSimpleName();
        }
    }

    private static Object failure(Throwable error) {
        Throwable cause = error instanceof ExecutionException && error.getCause() != null ? error.getCause() : error;
        Map<String, Object> shown = new LinkedHashMap<>();
        shown.put("error", cause.getClass().getSimpleName());
        shown.put("message", String.valueOf(cause.getMessage()));
        return shown;
    }

    /** Futures are waited for; maps and collections are shown item by item; everything else as its text. */
    private static Object show(Object value) {
        if (value instanceof KafkaFuture<?> future) {
            try {
                return show(future.get(20, TimeUnit.SECONDS));
            } catch (Throwable error) {
                return failure(error);
            }
        }
        if (value instanceof Optional<?> optional) return optional.isEmpty() ? "none" : show(optional.get());
        if (value instanceof Map<?, ?> map) {
            TreeMap<String, Object> shown = new TreeMap<>();
            map.forEach((key, item) -> shown.put(String.valueOf(key), show(item)));
            return shown;
        }
        if (value instanceof Config config) {
            TreeMap<String, Object> shown = new TreeMap<>();
            for (ConfigEntry entry : config.entries()) shown.put(entry.name(), show(entry));
            return shown;
        }
        if (value instanceof ConfigEntry entry) {
            return Map.of("value", String.valueOf(entry.value()), "source", entry.source().name(), "type",
                entry.type().name(),
                "sensitive", entry.isSensitive(), "readOnly", entry.isReadOnly(), "synonyms", show(entry.synonyms()));
        }
        if (value instanceof FeatureMetadata features) {
            return Map.of("finalized", show(features.finalizedFeatures()), "supported",
                show(features.supportedFeatures()));
        }
        if (value instanceof QuorumInfo quorum) {
            return Map.of("leader", quorum.leaderId(), "voters", show(quorum.voters()), "observers",
                show(quorum.observers()),
                "nodes", show(quorum.nodes()));
        }
        if (value instanceof Collection<?> items) {
            List<Object> shown = new ArrayList<>();
            items.forEach(item -> shown.add(show(item)));
            shown.sort((left, right) -> left.toString().compareTo(right.toString()));
            return shown;
        }
        return String.valueOf(value);
    }

    private static ConfigResource topic(String name) {
        return new ConfigResource(Type.TOPIC, name);
    }

    private ConfigResource broker() {
        return new ConfigResource(Type.BROKER, "" + node);
    }

    private static Map<ConfigResource, Collection<AlterConfigOp>> change(ConfigResource who, AlterConfigOp.OpType how,
            String name, String value) {
        return Map.of(who, List.of(new AlterConfigOp(new ConfigEntry(name, value), how)));
    }

    /** Without replication factor the broker's default counts. */
    private static NewTopic newTopic(String name, int partitions) {
        return new NewTopic(name, Optional.of(partitions), Optional.empty());
    }

    private void topics() throws Exception {
        call("createTopics", () -> admin.createTopics(List.of(newTopic("a", 2), newTopic("b", 1),
            newTopic("c", 1).configs(Map.of("cleanup.policy", "compact")))).values());
        call("createTopics numbers", () -> {
            CreateTopicsResult made = admin.createTopics(List.of(newTopic("d", 3)));
            return List.of(show(made.numPartitions("d")), show(made.replicationFactor("d")),
                show(made.config("d").thenApply(c -> c.get("retention.ms"))));
        });
        call("createTopics again", () -> admin.createTopics(List.of(newTopic("a", 2))).values());
        call("createTopics bad name", () -> admin.createTopics(List.of(newTopic("a b", 2))).values());
        call("createTopics empty name", () -> admin.createTopics(List.of(newTopic("", 2))).values());
        call("createTopics no partitions", () -> admin.createTopics(List.of(newTopic("e", 0))).values());
        call("createTopics factor", () -> admin.createTopics(List.of(new NewTopic("e", 1, (short) 3))).values());
        call("createTopics bad config", () -> admin.createTopics(List.of(newTopic("e", 1)
            .configs(Map.of("retention.ms", "soon")))).values());
        call("createTopics unknown config", () -> admin.createTopics(List.of(newTopic("e", 1)
            .configs(Map.of("no.such", "1")))).values());
        call("createTopics assigned", () -> admin.createTopics(List.of(new NewTopic("f", Map.of(0,
            List.of(node))))).values());
        call("createTopics badly assigned", () -> admin.createTopics(List.of(new NewTopic("g", Map.of(0,
            List.of(77))))).values());
        call("createTopics checked", () -> admin.createTopics(List.of(newTopic("h", 1)),
            new CreateTopicsOptions().validateOnly(true)).values());
        call("createTopics good and bad", () -> admin.createTopics(List.of(newTopic("i", 1), newTopic("a",
            1))).values());
        call("listTopics", () -> admin.listTopics().names());
        call("listTopics listings", () -> admin.listTopics(new ListTopicsOptions().listInternal(true)).listings());
        call("describeTopics", () -> admin.describeTopics(List.of("a", "f")).topicNameValues());
        call("describeTopics unknown", () -> admin.describeTopics(List.of("a", "nowhere")).topicNameValues());
        call("describeTopics bad name", () -> admin.describeTopics(List.of("", "a b")).topicNameValues());
        call("describeTopics in pages", () -> admin.describeTopics(TopicCollection.ofTopicNames(List.of("a", "d", "f")),
            new DescribeTopicsOptions().partitionSizeLimitPerResponse(2)).topicNameValues());
        call("describeTopics by id", () -> {
            Uuid id = admin.describeTopics(List.of("b")).topicNameValues().get("b").get().topicId();
            return admin.describeTopics(TopicCollection.ofTopicIds(List.of(id))).topicIdValues().get(id);
        });
        call("describeTopics by unknown id", () -> admin.describeTopics(TopicCollection.ofTopicIds(
            List.of(new Uuid(7, 7)))).topicIdValues());
        call("createPartitions", () -> admin.createPartitions(Map.of("d", NewPartitions.increaseTo(5))).values());
        call("createPartitions fewer", () -> admin.createPartitions(Map.of("d", NewPartitions.increaseTo(2))).values());
        call("createPartitions the same", () -> admin.createPartitions(Map.of("d",
            NewPartitions.increaseTo(5))).values());
        call("createPartitions unknown", () -> admin.createPartitions(Map.of("nowhere",
            NewPartitions.increaseTo(5))).values());
        call("createPartitions assigned", () -> admin.createPartitions(Map.of("d",
            NewPartitions.increaseTo(6, List.of(List.of(node))))).values());
        call("createPartitions badly assigned", () -> admin.createPartitions(Map.of("d",
            NewPartitions.increaseTo(7, List.of(List.of(77))))).values());
        call("createPartitions checked", () -> admin.createPartitions(Map.of("d", NewPartitions.increaseTo(9)),
            new CreatePartitionsOptions().validateOnly(true)).values());
        call("deleteTopics", () -> admin.deleteTopics(List.of("i")).topicNameValues());
        call("deleteTopics unknown", () -> admin.deleteTopics(List.of("f", "nowhere")).topicNameValues());
        call("deleteTopics by id", () -> {
            Uuid id = admin.describeTopics(List.of("d")).topicNameValues().get("d").get().topicId();
            return admin.deleteTopics(TopicCollection.ofTopicIds(List.of(id))).topicIdValues().get(id);
        });
        call("deleteTopics by unknown id", () -> admin.deleteTopics(TopicCollection.ofTopicIds(
            List.of(new Uuid(7, 7)))).topicIdValues());
        Thread.sleep(500);
        call("listTopics after", () -> admin.listTopics().names());
    }

    private void configs() throws Exception {
        AlterConfigOp.OpType set = AlterConfigOp.OpType.SET;
        AlterConfigOp.OpType delete = AlterConfigOp.OpType.DELETE;
        call("incrementalAlterConfigs", () -> admin.incrementalAlterConfigs(change(topic("a"), set, "retention.ms",
            "777000")).values());
        call("incrementalAlterConfigs append", () -> admin.incrementalAlterConfigs(
            change(topic("a"), AlterConfigOp.OpType.APPEND, "cleanup.policy", "compact")).values());
        call("incrementalAlterConfigs subtract", () -> admin.incrementalAlterConfigs(
            change(topic("a"), AlterConfigOp.OpType.SUBTRACT, "cleanup.policy", "compact")).values());
        call("incrementalAlterConfigs bad", () -> admin.incrementalAlterConfigs(change(topic("a"), set,
            "retention.ms", "x")).values());
        call("incrementalAlterConfigs unknown", () -> admin.incrementalAlterConfigs(change(topic("nowhere"), set,
            "retention.ms", "1")).values());
        call("incrementalAlterConfigs broker", () -> admin.incrementalAlterConfigs(change(broker(), set,
            "log.cleaner.threads", "2")).values());
        call("incrementalAlterConfigs broker read-only", () -> admin.incrementalAlterConfigs(change(broker(), set,
            "num.partitions", "2")).values());
        call("incrementalAlterConfigs all brokers", () -> admin.incrementalAlterConfigs(
            change(new ConfigResource(Type.BROKER, ""), set, "log.retention.ms", "99000000")).values());
        call("incrementalAlterConfigs group", () -> admin.incrementalAlterConfigs(
            change(new ConfigResource(Type.GROUP, "g"), set, "consumer.session.timeout.ms", "50000")).values());
        call("incrementalAlterConfigs metrics", () -> admin.incrementalAlterConfigs(
            change(new ConfigResource(Type.CLIENT_METRICS, "m"), set, "interval.ms", "5000")).values());
        call("incrementalAlterConfigs logger", () -> admin.incrementalAlterConfigs(
            change(new ConfigResource(Type.BROKER_LOGGER, "" + node), set, "kafka.server.KafkaConfig",
                "DEBUG")).values());
        call("incrementalAlterConfigs checked", () -> admin.incrementalAlterConfigs(change(topic("a"), set,
            "flush.ms", "5"),
            new AlterConfigsOptions().validateOnly(true)).values());
        Thread.sleep(500);
        for (ConfigResource resource : List.of(topic("a"), topic("nowhere"), broker(), new ConfigResource(Type.BROKER,
            ""),
                new ConfigResource(Type.BROKER, "77"), new ConfigResource(Type.GROUP, "g"),
                new ConfigResource(Type.CLIENT_METRICS, "m"))) {
            call("describeConfigs " + resource.type() + " " + (resource.equals(broker()) ? "own" : resource.name()),
                () -> admin.describeConfigs(List.of(resource), new DescribeConfigsOptions().includeSynonyms(
                    true)).values().get(resource));
        }
        call("describeConfigs documentation", () -> {
            var found = admin.describeConfigs(List.of(topic("a")), new DescribeConfigsOptions().includeDocumentation(
                true));
            return found.all().get().get(topic("a")).entries().stream().filter(e -> e.documentation() == null
                || e.documentation().isEmpty()).map(ConfigEntry::name).sorted().toList();
        });
        call("incrementalAlterConfigs delete", () -> admin.incrementalAlterConfigs(change(topic("a"), delete,
            "retention.ms", "")).values());
        call("incrementalAlterConfigs delete for all", () -> admin.incrementalAlterConfigs(
            change(new ConfigResource(Type.BROKER, ""), delete, "log.retention.ms", "")).values());
        call("listConfigResources", () -> admin.listConfigResources(Set.of(Type.TOPIC, Type.GROUP,
            Type.CLIENT_METRICS, Type.BROKER),
            new ListConfigResourcesOptions()).all());
        call("listConfigResources all", () -> admin.listConfigResources().all());
        call("listClientMetricsResources", () -> admin.listClientMetricsResources().all());
    }

    private void records() throws Exception {
        try (KafkaProducer<byte[], byte[]> producer = new KafkaProducer<>(Map.of("bootstrap.servers", bootstrap),
                new ByteArraySerializer(), new ByteArraySerializer())) {
            for (int i = 0; i < 20; i++) {
                producer.send(new ProducerRecord<>("a", i % 2, 1700000000000L + i * 1000,
                    "k".getBytes(StandardCharsets.UTF_8),
                    ("v" + i).getBytes(StandardCharsets.UTF_8))).get();
            }
            producer.send(new ProducerRecord<>("c", 0, 1700000000000L, "k".getBytes(), "v".getBytes())).get();
            call("describeProducers", () -> admin.describeProducers(List.of(A0)).partitionResult(A0)
                .thenApply(state -> state.activeProducers().stream().map(p -> p.lastSequence() + " "
                    + p.producerEpoch() + " " + p.coordinatorEpoch() + " " + p.currentTransactionStartOffset(
                        )).toList()));
        }
        call("describeProducers unknown", () -> admin.describeProducers(List.of(NOWHERE)).partitionResult(NOWHERE));
        int number = 0;
        for (OffsetSpec spec : List.of(OffsetSpec.earliest(), OffsetSpec.latest(), OffsetSpec.maxTimestamp(),
                OffsetSpec.forTimestamp(1700000005500L), OffsetSpec.forTimestamp(1900000000000L),
                    OffsetSpec.earliestLocal(),
                OffsetSpec.latestTiered(), OffsetSpec.forTimestamp(0))) {
            call("listOffsets " + ++number + " " + spec.getClass().getSimpleName(), () -> admin.listOffsets(Map.of(A0,
                spec)).partitionResult(A0));
        }
        call("listOffsets committed", () -> admin.listOffsets(Map.of(A1, OffsetSpec.latest()),
            new ListOffsetsOptions(IsolationLevel.READ_COMMITTED)).partitionResult(A1));
        call("listOffsets empty", () -> admin.listOffsets(Map.of(new TopicPartition("b", 0), OffsetSpec.maxTimestamp()))
            .partitionResult(new TopicPartition("b", 0)));
        call("listOffsets unknown", () -> kindOf(admin.listOffsets(Map.of(NOWHERE, OffsetSpec.latest()),
            new ListOffsetsOptions().timeoutMs(1500)).partitionResult(NOWHERE)));
        call("deleteRecords", () -> admin.deleteRecords(Map.of(A0, RecordsToDelete.beforeOffset(3))).lowWatermarks(
            ).get(A0)
            .thenApply(DeletedRecords::lowWatermark));
        call("deleteRecords all", () -> admin.deleteRecords(Map.of(A1, RecordsToDelete.beforeOffset(
            -1))).lowWatermarks().get(A1)
            .thenApply(DeletedRecords::lowWatermark));
        call("deleteRecords beyond", () -> admin.deleteRecords(Map.of(A0,
            RecordsToDelete.beforeOffset(300))).lowWatermarks());
        call("deleteRecords unknown", () -> kindOf(admin.deleteRecords(Map.of(NOWHERE, RecordsToDelete.beforeOffset(3)),
            new DeleteRecordsOptions().timeoutMs(1500)).lowWatermarks().get(NOWHERE)));
        call("deleteRecords compacted", () -> admin.deleteRecords(Map.of(new TopicPartition("c", 0),
            RecordsToDelete.beforeOffset(1))).lowWatermarks());
        call("listOffsets after", () -> admin.listOffsets(Map.of(A0, OffsetSpec.earliest())).partitionResult(A0));
    }

    private Map<TopicPartition, OffsetAndMetadata> at(long first, long second) {
        return Map.of(A0, new OffsetAndMetadata(first, "m"), A1, new OffsetAndMetadata(second, Optional.of(0), ""));
    }

    private void groups() throws Exception {
        call("listGroups none", () -> admin.listGroups().all());
        call("alterConsumerGroupOffsets", () -> admin.alterConsumerGroupOffsets("simple", at(5,
            6)).partitionResult(A0));
        call("alterConsumerGroupOffsets unknown topic", () -> admin.alterConsumerGroupOffsets("simple",
            Map.of(NOWHERE, new OffsetAndMetadata(1))).partitionResult(NOWHERE));
        call("alterConsumerGroupOffsets empty name", () -> admin.alterConsumerGroupOffsets("", at(5,
            6)).partitionResult(A0));
        call("listConsumerGroupOffsets", () -> admin.listConsumerGroupOffsets("simple").partitionsToOffsetAndMetadata(
            ));
        call("listConsumerGroupOffsets some", () -> admin.listConsumerGroupOffsets(Map.of("simple",
            new ListConsumerGroupOffsetsSpec().topicPartitions(List.of(A0, NOWHERE)))).all());
        call("listConsumerGroupOffsets stable", () -> admin.listConsumerGroupOffsets("simple",
            new ListConsumerGroupOffsetsOptions().requireStable(true)).partitionsToOffsetAndMetadata());
        call("listConsumerGroupOffsets nobody", () -> admin.listConsumerGroupOffsets(
            "nobody").partitionsToOffsetAndMetadata());
        call("listConsumerGroupOffsets two", () -> admin.listConsumerGroupOffsets(Map.of("simple",
            new ListConsumerGroupOffsetsSpec(), "nobody", new ListConsumerGroupOffsetsSpec())).all());
        call("listGroups", () -> admin.listGroups().all());
        call("listGroups simple", () -> admin.listGroups(new ListGroupsOptions().withTypes(Set.of(
            GroupType.CLASSIC))).all());
        call("listGroups empty", () -> admin.listGroups(new ListGroupsOptions().inGroupStates(Set.of(
            GroupState.EMPTY))).all());
        call("listGroups stable", () -> admin.listGroups(new ListGroupsOptions().inGroupStates(Set.of(
            GroupState.STABLE))).all());
        call("listGroups of protocol", () -> admin.listGroups(new ListGroupsOptions().withProtocolTypes(Set.of("",
            "consumer"))).all());
        call("listConsumerGroups", () -> admin.listConsumerGroups().all());
        call("describeConsumerGroups", () -> admin.describeConsumerGroups(List.of("simple", "nobody",
            "")).describedGroups());
        call("describeClassicGroups", () -> admin.describeClassicGroups(List.of("simple", "nobody")).describedGroups());
        call("deleteConsumerGroupOffsets", () -> admin.deleteConsumerGroupOffsets("simple",
            Set.of(A0)).partitionResult(A0));
        call("deleteConsumerGroupOffsets again", () -> admin.deleteConsumerGroupOffsets("simple", Set.of(A0,
            NOWHERE)).partitionResult(NOWHERE));
        call("deleteConsumerGroupOffsets nobody", () -> admin.deleteConsumerGroupOffsets("nobody",
            Set.of(A0)).partitionResult(A0));
        call("listConsumerGroupOffsets after", () -> admin.listConsumerGroupOffsets(
            "simple").partitionsToOffsetAndMetadata());
        call("deleteConsumerGroups", () -> admin.deleteConsumerGroups(List.of("simple", "nobody")).deletedGroups());
        call("deleteConsumerGroups again", () -> admin.deleteConsumerGroups(List.of("simple", "")).deletedGroups());
        call("listGroups after", () -> admin.listGroups().all());
    }

    /** A group with a living member of each protocol. */
    private void members() throws Exception {
        for (String protocol : List.of("classic", "consumer")) {
            for (String instance : new String[] {null, "i"}) {
                String group = "living-" + protocol + (instance == null ? "" : "-static");
                Map<String, Object> settings = new HashMap<>(Map.of("bootstrap.servers", bootstrap, "group.id", group,
                    "group.protocol", protocol, "enable.auto.commit", "false", "client.id", "me"));
                if (instance != null) settings.put("group.instance.id", instance);
                try (KafkaConsumer<byte[], byte[]> consumer = new KafkaConsumer<>(settings, new ByteArrayDeserializer(),
                        new ByteArrayDeserializer())) {
                    consumer.subscribe(List.of("a"));
                    long end = System.nanoTime() + 30_000_000_000L;
                    while (consumer.assignment().size() < 2 && System.nanoTime() < end) consumer.poll(
                        Duration.ofMillis(50));
                    consumer.commitSync(at(4, 4));
                    ask(group);
                }
            }
        }
        call("listGroups of all protocols", () -> admin.listGroups().all());
        call("listGroups consumer", () -> admin.listGroups(new ListGroupsOptions().withTypes(Set.of(
            GroupType.CONSUMER))).all());
        call("deleteConsumerGroups empty", () -> admin.deleteConsumerGroups(List.of("living-classic",
            "living-consumer")).deletedGroups());
    }

    private void ask(String group) throws Exception {
        call("describeConsumerGroups " + group, () -> admin.describeConsumerGroups(List.of(group),
            new DescribeConsumerGroupsOptions().includeAuthorizedOperations(true)).describedGroups());
        call("describeClassicGroups " + group, () -> admin.describeClassicGroups(List.of(group)).describedGroups());
        call("alterConsumerGroupOffsets " + group, () -> admin.alterConsumerGroupOffsets(group, at(1,
            1)).partitionResult(A0));
        call("deleteConsumerGroupOffsets " + group, () -> admin.deleteConsumerGroupOffsets(group,
            Set.of(A0)).partitionResult(A0));
        call("deleteConsumerGroups " + group, () -> admin.deleteConsumerGroups(List.of(group)).deletedGroups());
        call("listConsumerGroupOffsets " + group, () -> admin.listConsumerGroupOffsets(
            group).partitionsToOffsetAndMetadata());
        call("describeShareGroups " + group, () -> admin.describeShareGroups(List.of(group)).describedGroups());
        if (group.endsWith("-static")) {
            call("removeMembers unknown " + group, () -> admin.removeMembersFromConsumerGroup(group,
                new RemoveMembersFromConsumerGroupOptions(List.of(new MemberToRemove("other")))).all());
            call("removeMembers " + group, () -> admin.removeMembersFromConsumerGroup(group,
                new RemoveMembersFromConsumerGroupOptions(List.of(new MemberToRemove("i")))).all());
        } else {
            call("removeMembers all " + group, () -> admin.removeMembersFromConsumerGroup(group,
                new RemoveMembersFromConsumerGroupOptions()).all());
        }
        call("removeMembers nobody " + group, () -> admin.removeMembersFromConsumerGroup("nobody",
            new RemoveMembersFromConsumerGroupOptions(List.of(new MemberToRemove("i")))).all());
        call("describeConsumerGroups without members " + group, () -> admin.describeConsumerGroups(List.of(
            group)).describedGroups());
    }

    private void cluster() throws Exception {
        call("describeCluster", () -> {
            DescribeClusterResult found = admin.describeCluster(new DescribeClusterOptions(
                ).includeAuthorizedOperations(true));
            return List.of(show(found.nodes()), show(found.controller()), show(found.authorizedOperations()));
        });
        call("describeCluster fenced", () -> admin.describeCluster(new DescribeClusterOptions().includeFencedBrokers(
            true)).nodes());
        call("describeFeatures", () -> admin.describeFeatures().featureMetadata());
        call("updateFeatures unknown", () -> admin.updateFeatures(Map.of("no.such",
            new FeatureUpdate((short) 1, FeatureUpdate.UpgradeType.UPGRADE)), new UpdateFeaturesOptions()).values());
        call("updateFeatures beyond", () -> admin.updateFeatures(Map.of("metadata.version",
            new FeatureUpdate((short) 99, FeatureUpdate.UpgradeType.UPGRADE)), new UpdateFeaturesOptions()).values());
        call("updateFeatures downgrade checked", () -> admin.updateFeatures(Map.of("metadata.version",
            new FeatureUpdate((short) 29, FeatureUpdate.UpgradeType.SAFE_DOWNGRADE)),
                new UpdateFeaturesOptions().validateOnly(true)).values());
        call("describeMetadataQuorum", () -> admin.describeMetadataQuorum().quorumInfo());
        call("addRaftVoter", () -> admin.addRaftVoter(9, new Uuid(7, 7), Set.of(new RaftVoterEndpoint("CONTROLLER",
            "127.0.0.1", 9))).all());
        call("removeRaftVoter", () -> admin.removeRaftVoter(9, new Uuid(7, 7)).all());
        call("unregisterBroker", () -> admin.unregisterBroker(77).all());
        call("electLeaders", () -> admin.electLeaders(ElectionType.PREFERRED, Set.of(A0)).partitions());
        call("electLeaders unclean", () -> admin.electLeaders(ElectionType.UNCLEAN, Set.of(A0)).partitions());
        call("electLeaders all", () -> admin.electLeaders(ElectionType.PREFERRED, null).partitions());
        call("electLeaders unknown", () -> admin.electLeaders(ElectionType.PREFERRED, Set.of(NOWHERE)).partitions());
        call("alterPartitionReassignments", () -> admin.alterPartitionReassignments(Map.of(A0,
            Optional.of(new NewPartitionReassignment(List.of(node))))).values());
        call("alterPartitionReassignments unknown", () -> admin.alterPartitionReassignments(Map.of(A0,
            Optional.of(new NewPartitionReassignment(List.of(77))), NOWHERE, Optional.empty())).values());
        call("alterPartitionReassignments cancel", () -> admin.alterPartitionReassignments(Map.of(A0,
            Optional.empty())).values());
        call("listPartitionReassignments", () -> admin.listPartitionReassignments().reassignments());
        call("listPartitionReassignments of", () -> admin.listPartitionReassignments(Set.of(A0,
            NOWHERE)).reassignments());
        call("describeLogDirs", () -> admin.describeLogDirs(List.of(node)).descriptions().get(node).thenApply(dirs ->
            dirs.values().stream().map(dir -> dir.error() + " " + new TreeSet<>(dir.replicaInfos().keySet().stream()
                .map(TopicPartition::toString).filter(name -> !name.startsWith("__")).toList())
                + (dir.totalBytes().orElse(0) > dir.usableBytes().orElse(0) ? " bytes" : " ?")).toList()));
        call("describeLogDirs sizes", () -> admin.describeLogDirs(List.of(node)).descriptions().get(node).thenApply(
            dirs ->
            dirs.values().stream().flatMap(dir -> dir.replicaInfos().entrySet().stream())
                .filter(e -> e.getKey().topic().equals("a")).map(Object::toString).sorted().toList()));
        TopicPartitionReplica replica = new TopicPartitionReplica("a", 0, node);
        call("describeReplicaLogDirs", () -> admin.describeReplicaLogDirs(List.of(replica,
            new TopicPartitionReplica("nowhere", 0, node))).values());
        call("alterReplicaLogDirs unknown", () -> admin.alterReplicaLogDirs(Map.of(replica,
            "/no/such/folder")).values());
        call("alterReplicaLogDirs same", () -> admin.alterReplicaLogDirs(Map.of(replica,
            admin.describeReplicaLogDirs(List.of(replica)).values().get(replica).get().getCurrentReplicaLogDir(
                ))).values());
        AclBinding acl = new AclBinding(new ResourcePattern(ResourceType.TOPIC, "a", PatternType.LITERAL),
            new AccessControlEntry("User:x", "*", AclOperation.READ, AclPermissionType.ALLOW));
        call("createAcls", () -> admin.createAcls(List.of(acl)).values());
        call("describeAcls", () -> admin.describeAcls(AclBindingFilter.ANY).values());
        call("deleteAcls", () -> admin.deleteAcls(List.of(AclBindingFilter.ANY)).values());
    }

    private void quotasAndUsers() throws Exception {
        ClientQuotaEntity alice = new ClientQuotaEntity(Map.of("user", "alice"));
        call("alterClientQuotas", () -> admin.alterClientQuotas(List.of(new ClientQuotaAlteration(alice, List.of(
            new ClientQuotaAlteration.Op("producer_byte_rate", 1000.0),
                new ClientQuotaAlteration.Op("request_percentage", 12.5))))).values());
        call("alterClientQuotas bad", () -> admin.alterClientQuotas(List.of(new ClientQuotaAlteration(alice, List.of(
            new ClientQuotaAlteration.Op("shoe_size", 42.0))))).values());
        call("alterClientQuotas checked", () -> admin.alterClientQuotas(List.of(new ClientQuotaAlteration(alice,
            List.of(
            new ClientQuotaAlteration.Op("producer_byte_rate", null)))),
                new AlterClientQuotasOptions().validateOnly(true)).values());
        Thread.sleep(300);
        call("describeClientQuotas", () -> admin.describeClientQuotas(ClientQuotaFilter.all()).entities());
        call("describeClientQuotas of", () -> admin.describeClientQuotas(ClientQuotaFilter.containsOnly(List.of(
            ClientQuotaFilterComponent.ofEntity("user", "alice")))).entities());
        call("describeClientQuotas default", () -> admin.describeClientQuotas(ClientQuotaFilter.contains(List.of(
            ClientQuotaFilterComponent.ofDefaultEntity("user")))).entities());
        ScramCredentialInfo info = new ScramCredentialInfo(ScramMechanism.SCRAM_SHA_256, 4096);
        call("alterUserScramCredentials", () -> admin.alterUserScramCredentials(List.of(
            new UserScramCredentialUpsertion("alice", info, "secret"),
            new UserScramCredentialUpsertion("bob", new ScramCredentialInfo(ScramMechanism.SCRAM_SHA_512, 8192),
                "secret"))).values());
        call("alterUserScramCredentials bad", () -> admin.alterUserScramCredentials(List.of(
            new UserScramCredentialUpsertion("carl", new ScramCredentialInfo(ScramMechanism.SCRAM_SHA_256, 10),
                "secret"),
            new UserScramCredentialDeletion("nobody", ScramMechanism.SCRAM_SHA_256))).values());
        Thread.sleep(300);
        call("describeUserScramCredentials", () -> admin.describeUserScramCredentials().all());
        call("describeUserScramCredentials of", () -> admin.describeUserScramCredentials(List.of(
            "alice")).description("alice"));
        call("describeUserScramCredentials nobody", () -> admin.describeUserScramCredentials(List.of(
            "nobody")).description("nobody"));
        call("alterUserScramCredentials delete", () -> admin.alterUserScramCredentials(List.of(
            new UserScramCredentialDeletion("alice", ScramMechanism.SCRAM_SHA_256))).values());
    }

    /** What belongs to later work (transactions, share and streams groups, security): compared too. */
    private void later() throws Exception {
        call("createDelegationToken", () -> admin.createDelegationToken().delegationToken());
        call("describeDelegationToken", () -> admin.describeDelegationToken().delegationTokens());
        call("renewDelegationToken", () -> admin.renewDelegationToken(new byte[] {1}).expiryTimestamp());
        call("expireDelegationToken", () -> admin.expireDelegationToken(new byte[] {1}).expiryTimestamp());
        call("listTransactions", () -> admin.listTransactions().all());
        call("describeTransactions", () -> admin.describeTransactions(List.of("tx"),
            new DescribeTransactionsOptions().timeoutMs(3000)).all());
        call("fenceProducers", () -> admin.fenceProducers(List.of("tx"),
            new FenceProducersOptions().timeoutMs(3000)).all());
        call("forceTerminateTransaction", () -> admin.forceTerminateTransaction("tx",
            new TerminateTransactionOptions().timeoutMs(3000)).result());
        call("abortTransaction", () -> admin.abortTransaction(new AbortTransactionSpec(A0, 1L, (short) 0, 0),
            new AbortTransactionOptions().timeoutMs(3000)).all());
        call("describeShareGroups", () -> admin.describeShareGroups(List.of("s")).describedGroups());
        call("listShareGroupOffsets", () -> admin.listShareGroupOffsets(Map.of("s",
            new ListShareGroupOffsetsSpec())).partitionsToOffsetInfo("s"));
        call("alterShareGroupOffsets", () -> admin.alterShareGroupOffsets("s", Map.of(A0, 1L)).all());
        call("deleteShareGroupOffsets", () -> admin.deleteShareGroupOffsets("s", Set.of("a")).all());
        call("deleteShareGroups", () -> admin.deleteShareGroups(List.of("s")).deletedGroups());
        call("describeStreamsGroups", () -> admin.describeStreamsGroups(List.of("s")).describedGroups());
        call("listStreamsGroupOffsets", () -> admin.listStreamsGroupOffsets(Map.of("s",
            new ListStreamsGroupOffsetsSpec())).all());
        call("alterStreamsGroupOffsets", () -> admin.alterStreamsGroupOffsets("s", at(1, 1)).all());
        call("deleteStreamsGroupOffsets", () -> admin.deleteStreamsGroupOffsets("s", Set.of(A0)).all());
        call("deleteStreamsGroups", () -> admin.deleteStreamsGroups(List.of("s")).deletedGroups());
        call("clientInstanceId", () -> admin.clientInstanceId(Duration.ofSeconds(3)) == null ? "none" : "some");
        call("metrics", () -> admin.metrics().isEmpty() ? "none" : "some");
    }
}
