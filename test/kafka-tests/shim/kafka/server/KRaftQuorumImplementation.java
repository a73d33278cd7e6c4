package kafka.server;

import java.io.File;
import java.net.InetSocketAddress;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import kafka.utils.Logging;
import moldau.kafkatests.HarnessCluster;
import org.apache.kafka.common.utils.Time;
import org.apache.kafka.server.fault.FaultHandler;
import scala.Option;

/**
 * Stands in front of the class of this name in the test jar of the broker: every test on the Scala harness
 * ({@code QuorumTestHarness} and what extends it) gets its brokers here. In place of servers inside this JVM it hands
 * out a broker that is a process of its own.
 */
public class KRaftQuorumImplementation implements QuorumImplementation {
    private final HarnessCluster cluster;

    /** The harness gives a controller that runs, with the settings of the test, and itself as the place to log to. */
    public KRaftQuorumImplementation(ControllerServer controller, FaultHandlerFactory faultHandlers, File metadata,
            CompletableFuture<Map<Integer, InetSocketAddress>> voters, String clusterId, Logging harness,
            FaultHandler faultHandler) {
        cluster = new HarnessCluster(harness, controller.config(),
            controller.bootstrapMetadata().metadataVersion());
        // The node under test is its own controller.
        controller.shutdown();
    }

    public ControllerServer controllerServer() {
        return cluster.controller();
    }

    @Override
    public KafkaBroker createBroker(KafkaConfig config, Time time, boolean startup, Option<String> threadNamePrefix) {
        return cluster.createBroker(config, time, startup);
    }

    @Override
    public void shutdown() {
        cluster.stop();
    }
}
