package moldau.kafkatests;

import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.Set;
import kafka.network.SocketServer;
import kafka.raft.KafkaRaftManager;
import kafka.server.BrokerServer;
import kafka.server.ControllerServer;
import kafka.server.KafkaConfig;
import kafka.server.SharedServer;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.common.Node;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.TopicPartitionInfo;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.coordinator.group.GroupCoordinator;
import org.apache.kafka.image.loader.MetadataLoader;
import org.apache.kafka.metadata.BrokerState;
import org.apache.kafka.metadata.KRaftMetadataCache;
import org.apache.kafka.metadata.LeaderAndIsr;
import org.apache.kafka.raft.LogOffsetMetadata;
import org.apache.kafka.raft.RaftLog;
import org.mockito.Mockito;
import org.mockito.invocation.InvocationOnMock;
import org.mockito.stubbing.Answer;
import org.opentest4j.TestAbortedException;

/**
 * Stand-ins for the server objects that tests reach for: each of the few answers that can be had from outside is had
 * over the wire, every other call aborts the test and names itself.
 */
final class Facade {
    private static final Object UNKNOWN = new Object();

    private final ExternalCluster cluster;
    private BrokerServer broker;
    private ControllerServer controller;

    Facade(ExternalCluster cluster) {
        this.cluster = cluster;
    }

    /** The stand-in of the one broker. */
    BrokerServer broker() {
        if (broker == null) {
            broker = stand(BrokerServer.class, this::ofBroker);
        }
        return broker;
    }

    /** The stand-in of the controller beside it. */
    ControllerServer controller() {
        if (controller == null) {
            controller = stand(ControllerServer.class, this::ofController);
        }
        return controller;
    }

    private static <T> T stand(Class<T> type, Answer<Object> answers) {
        return Mockito.mock(type, Mockito.withSettings().stubOnly().defaultAnswer(call -> {
            if (call.getMethod().getName().equals("toString")) {
                return "stand-in of " + type.getSimpleName();
            }
            Object answer = answers.answer(call);
            if (answer == UNKNOWN) {
                throw new TestAbortedException("internals: " + type.getSimpleName() + "."
                    + call.getMethod().getName());
            }
            return answer;
        }));
    }

    private Object ofBroker(InvocationOnMock call) {
        switch (call.getMethod().getName()) {
            case "config":
                return settings();
            case "clusterId":
                return cluster.clusterId();
            case "boundPort":
                return cluster.broker().port();
            case "brokerState":
                return cluster.broker().running() ? BrokerState.RUNNING : BrokerState.NOT_RUNNING;
            case "isShutdown":
                return !cluster.broker().running();
            case "startup":
                cluster.startBroker(BrokerProcess.NODE);
                return null;
            case "shutdown":
                cluster.shutdownBroker(BrokerProcess.NODE);
                return null;
            case "awaitShutdown":
                // shutdown() waits for the end.
                return null;
            case "metadataCache":
                return stand(KRaftMetadataCache.class, this::ofMetadata);
            case "groupCoordinator":
                return stand(GroupCoordinator.class, this::ofGroups);
            case "socketServer":
                return stand(SocketServer.class, inner -> inner.getMethod().getName().equals("boundPort")
                    ? (Object) cluster.broker().port() : UNKNOWN);
            case "sharedServer":
                return shared();
            default:
                return UNKNOWN;
        }
    }

    private Object ofController(InvocationOnMock call) {
        switch (call.getMethod().getName()) {
            case "config":
                return settings();
            case "clusterId":
                return cluster.clusterId();
            case "sharedServer":
                return shared();
            case "raftManager":
                // One node: its metadata is never behind its controller's.
                RaftLog log = stand(RaftLog.class, inner -> inner.getMethod().getName().equals("endOffset")
                    ? new LogOffsetMetadata(0) : UNKNOWN);
                return stand(KafkaRaftManager.class, inner -> inner.getMethod().getName().equals("raftLog")
                    ? log : UNKNOWN);
            default:
                return UNKNOWN;
        }
    }

    private SharedServer shared() {
        MetadataLoader loader = stand(MetadataLoader.class, inner ->
            inner.getMethod().getName().equals("lastAppliedOffset") ? (Object) Long.MAX_VALUE : UNKNOWN);
        return stand(SharedServer.class, inner -> inner.getMethod().getName().equals("loader") ? loader : UNKNOWN);
    }

    private KafkaConfig settings() {
        Map<String, Object> properties = new HashMap<>(cluster.broker().properties());
        // Real Kafka's check of its settings wants a quorum and a listener for it.
        properties.put("listeners", properties.get("listeners") + "," + properties.get("controller.listener.names")
            + "://127.0.0.1:0");
        properties.put("controller.quorum.bootstrap.servers", "127.0.0.1:1");
        return new KafkaConfig(properties, false);
    }

    private Object ofGroups(InvocationOnMock call) {
        if (!call.getMethod().getName().equals("groupMetadataTopicConfigs")) {
            return UNKNOWN;
        }
        Properties configs = new Properties();
        configs.put("cleanup.policy", "compact");
        configs.put("compression.type", "producer");
        configs.put("segment.bytes", cluster.broker().properties().getOrDefault("offsets.topic.segment.bytes",
            Integer.toString(100 * 1024 * 1024)));
        return configs;
    }

    private Object ofMetadata(InvocationOnMock call) {
        Object first = call.getArguments().length > 0 ? call.getArgument(0) : null;
        switch (call.getMethod().getName()) {
            case "numPartitions":
                return cluster.describe((String) first).map(topic -> topic.partitions().size());
            case "contains":
                return first instanceof TopicPartition partition
                    ? find(partition.topic(), partition.partition()).isPresent()
                    : cluster.describe((String) first).isPresent();
            case "getTopicId":
                return cluster.describe((String) first).map(TopicDescription::topicId).orElse(Uuid.ZERO_UUID);
            case "getAllTopics":
                return (Set<?>) cluster.ask(admin -> admin.listTopics(
                    new org.apache.kafka.clients.admin.ListTopicsOptions().listInternal(true)).names().get());
            case "hasAliveBroker":
                return first.equals(BrokerProcess.NODE) && cluster.broker().running();
            case "getLeaderAndIsr":
                // The epoch is no part of what an admin client is told.
                return find((String) first, call.getArgument(1)).map(found -> new LeaderAndIsr(found.leader().id(),
                    found.isr().stream().map(Node::id).toList()));
            default:
                return UNKNOWN;
        }
    }

    private Optional<TopicPartitionInfo> find(String topic, int partition) {
        return cluster.describe(topic).flatMap(found -> found.partitions().stream()
            .filter(one -> one.partition() == partition).findFirst());
    }
}
