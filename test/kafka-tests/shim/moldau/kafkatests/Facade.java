package moldau.kafkatests;

import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Collectors;
import kafka.network.SocketServer;
import kafka.raft.KafkaRaftManager;
import kafka.server.BrokerServer;
import kafka.server.ControllerServer;
import kafka.server.KafkaApis;
import kafka.server.SharedServer;
import org.apache.kafka.clients.admin.ListTopicsOptions;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.clients.admin.TopicListing;
import org.apache.kafka.common.Node;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.TopicPartitionInfo;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.protocol.Errors;
import org.apache.kafka.common.requests.ApiError;
import org.apache.kafka.controller.Controller;
import org.apache.kafka.controller.ResultOrError;
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

/**
 * Stand-ins for the server objects that tests reach for: each of the few answers that can be had from outside is had
 * over the wire, every other call aborts the test and names itself.
 */
final class Facade {
    static final Object UNKNOWN = new Object();

    private final Served cluster;
    private BrokerServer broker;
    private ControllerServer controller;

    Facade(Served cluster) {
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

    <T> T stand(Class<T> type, Answer<Object> answers) {
        return Mockito.mock(type, Mockito.withSettings().stubOnly().defaultAnswer(call -> {
            if (call.getMethod().getName().equals("toString")) {
                return "stand-in of " + type.getSimpleName();
            }
            Object answer = answers.answer(call);
            if (answer == UNKNOWN) {
                throw cluster.refuse("internals: " + type.getSimpleName() + "."
                    + call.getMethod().getName());
            }
            return answer;
        }));
    }

    private Object ofBroker(InvocationOnMock call) {
        switch (call.getMethod().getName()) {
            case "config":
                return cluster.kafkaConfig();
            case "clusterId":
                return cluster.clusterId();
            case "boundPort":
                return cluster.broker().port(call.getArgument(0));
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
                return metadata();
            case "replicaManager":
                return new Logs(cluster, this).replicas();
            case "logManager":
                return new Logs(cluster, this).manager();
            case "dataPlaneRequestProcessor":
                return stand(KafkaApis.class, inner -> inner.getMethod().getName().equals("metadataCache")
                    ? metadata() : UNKNOWN);
            case "groupCoordinator":
                return stand(GroupCoordinator.class, this::ofGroups);
            case "socketServer":
                return sockets();
            case "sharedServer":
                return shared();
            default:
                return UNKNOWN;
        }
    }

    private KRaftMetadataCache metadata() {
        return stand(KRaftMetadataCache.class, this::ofMetadata);
    }

    private SocketServer sockets() {
        return stand(SocketServer.class, inner -> inner.getMethod().getName().equals("boundPort")
            ? (Object) cluster.broker().port(inner.getArgument(0)) : UNKNOWN);
    }

    private Object ofController(InvocationOnMock call) {
        switch (call.getMethod().getName()) {
            case "config":
                return cluster.kafkaConfig();
            case "clusterId":
                return cluster.clusterId();
            case "sharedServer":
                return shared();
            case "socketServer":
                // The controller is in the broker: what is asked of it is asked there.
                return sockets();
            case "controller":
                return stand(Controller.class, this::ofControllersState);
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

    private Object ofControllersState(InvocationOnMock call) {
        switch (call.getMethod().getName()) {
            case "findAllTopicIds":
                return CompletableFuture.completedFuture(topicIds());
            case "findTopicIds":
                Map<String, Uuid> ids = topicIds();
                Map<String, ResultOrError<Uuid>> found = new HashMap<>();
                call.<Collection<String>>getArgument(1).forEach(name -> found.put(name, ids.containsKey(name)
                    ? ResultOrError.of(ids.get(name))
                    : ResultOrError.of(new ApiError(Errors.UNKNOWN_TOPIC_OR_PARTITION))));
                return CompletableFuture.completedFuture(found);
            default:
                return UNKNOWN;
        }
    }

    private Map<String, Uuid> topicIds() {
        ListTopicsOptions all = new ListTopicsOptions().listInternal(true);
        return cluster.ask(admin -> admin.listTopics(all).listings().get().stream()
            .collect(Collectors.toMap(TopicListing::name, TopicListing::topicId)));
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
                return topicIds().keySet();
            case "hasAliveBroker":
                return first.equals(cluster.kafkaConfig().nodeId()) && cluster.broker().running();
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
