package moldau.kafkatests;

import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.File;
import java.io.IOException;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import kafka.cluster.Partition;
import kafka.log.LogManager;
import kafka.server.ReplicaManager;
import org.apache.kafka.clients.admin.Config;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.ByteBufferAccessor;
import org.apache.kafka.common.requests.AbstractResponse;
import org.apache.kafka.common.requests.MetadataRequest;
import org.apache.kafka.common.requests.MetadataResponse;
import org.apache.kafka.common.requests.RequestHeader;
import org.apache.kafka.common.requests.ResponseHeader;
import org.apache.kafka.common.utils.Utils;
import org.apache.kafka.storage.internals.log.LogConfig;
import org.apache.kafka.storage.internals.log.UnifiedLog;
import org.mockito.invocation.InvocationOnMock;
import scala.Option;

/** Stand-ins of the broker's partitions and logs, as far as requests tell of them. */
final class Logs {
    private final Served cluster;
    private final Facade facade;

    Logs(Served cluster, Facade facade) {
        this.cluster = cluster;
        this.facade = facade;
    }

    ReplicaManager replicas() {
        return facade.stand(ReplicaManager.class, call -> {
            switch (call.getMethod().getName()) {
                case "logManager":
                    return manager();
                case "localLog":
                    return log(call.getArgument(0), false);
                case "onlinePartition":
                    return partition(call.getArgument(0));
                default:
                    return Facade.UNKNOWN;
            }
        });
    }

    LogManager manager() {
        return facade.stand(LogManager.class, call -> {
            switch (call.getMethod().getName()) {
                case "getLog":
                    return log(call.getArgument(0), call.getArgument(1));
                case "getLog$default$2":
                    return false;
                default:
                    return Facade.UNKNOWN;
            }
        });
    }

    private Option<Partition> partition(TopicPartition name) {
        Option<UnifiedLog> log = log(name, false);
        return log.isEmpty() ? Option.empty() : Option.apply(facade.stand(Partition.class, call -> {
            switch (call.getMethod().getName()) {
                case "leaderLogIfLocal":
                case "log":
                    // The one node leads what it has.
                    return log;
                case "getLeaderEpoch":
                    return leaderEpoch(name);
                default:
                    return Facade.UNKNOWN;
            }
        }));
    }

    private Option<UnifiedLog> log(TopicPartition name, boolean future) {
        return folder(name, future).map(folder -> Option.apply(
            facade.stand(UnifiedLog.class, call -> ofLog(call, name, folder)))).orElse(Option.empty());
    }

    private Object ofLog(InvocationOnMock call, TopicPartition name, File folder) {
        switch (call.getMethod().getName()) {
            case "dir":
                return folder;
            case "parentDirFile":
                return folder.getParentFile();
            case "config":
                return config(name.topic());
            case "logStartOffset":
                return offset(name, OffsetSpec.earliest());
            case "highWatermark":
            case "logEndOffset":
                // One replica: its end is committed.
                return offset(name, OffsetSpec.latest());
            case "numberOfSegments":
                return folder.list((unused, file) -> file.endsWith(".log")).length;
            default:
                return Facade.UNKNOWN;
        }
    }

    private Optional<File> folder(TopicPartition name, boolean future) {
        int self = cluster.kafkaConfig().nodeId();
        return cluster.ask(admin -> admin.describeLogDirs(List.of(self)).allDescriptions().get()).get(self).entrySet()
            .stream().filter(folder -> {
                var replica = folder.getValue().replicaInfos().get(name);
                return replica != null && replica.isFuture() == future;
            }).findFirst().map(folder -> new File(folder.getKey(), name.toString()));
    }

    private LogConfig config(String topic) {
        ConfigResource resource = new ConfigResource(ConfigResource.Type.TOPIC, topic);
        Config described = cluster.ask(admin -> admin.describeConfigs(List.of(resource)).all().get().get(resource));
        Map<String, String> values = new HashMap<>();
        described.entries().forEach(entry -> values.put(entry.name(), entry.value()));
        return new LogConfig(values);
    }

    private long offset(TopicPartition name, OffsetSpec which) {
        return cluster.ask(admin -> admin.listOffsets(Map.of(name, which)).partitionResult(name).get().offset());
    }

    /** No client tells of it: asked with a request of our own. */
    private int leaderEpoch(TopicPartition name) {
        MetadataRequest request = new MetadataRequest.Builder(List.of(name.topic()), false).build();
        short version = request.version();
        byte[] bytes = Utils.toArray(request.serializeWithHeader(new RequestHeader(ApiKeys.METADATA, version, "", 0)));
        try (Socket socket = new Socket("localhost", cluster.broker().port())) {
            DataOutputStream out = new DataOutputStream(socket.getOutputStream());
            out.writeInt(bytes.length);
            out.write(bytes);
            DataInputStream in = new DataInputStream(socket.getInputStream());
            ByteBuffer answer = ByteBuffer.wrap(in.readNBytes(in.readInt()));
            ResponseHeader.parse(answer, ApiKeys.METADATA.responseHeaderVersion(version));
            MetadataResponse response = (MetadataResponse) AbstractResponse.parseResponse(ApiKeys.METADATA,
                new ByteBufferAccessor(answer), version);
            return response.topicMetadata().stream().flatMap(topic -> topic.partitionMetadata().stream())
                .filter(one -> one.topicPartition.equals(name)).findFirst().orElseThrow().leaderEpoch.orElseThrow();
        } catch (IOException error) {
            throw new AssertionError("the broker did not answer the cluster's own question", error);
        }
    }
}
