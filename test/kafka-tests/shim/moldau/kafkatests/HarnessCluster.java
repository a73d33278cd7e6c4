package moldau.kafkatests;

import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import kafka.integration.KafkaServerTestHarness;
import kafka.server.ControllerServer;
import kafka.server.KafkaBroker;
import kafka.server.KafkaConfig;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.common.utils.Time;
import org.apache.kafka.metadata.bootstrap.BootstrapMetadata;
import org.apache.kafka.server.common.MetadataVersion;
import org.mockito.MockedStatic;
import org.mockito.Mockito;
import org.opentest4j.TestAbortedException;
import scala.collection.Seq;

/**
 * The cluster of a test on the Scala harness: as {@link ExternalCluster} one broker, whatever number was asked for, and
 * the test is aborted with the reason where it reaches for what cannot be had from outside a broker.
 */
public final class HarnessCluster {
    /** What the harness sets for its own controller, which is no setting of the test. */
    private static final Set<String> OF_THE_CONTROLLER = Set.of("node.id", "broker.id", "process.roles", "listeners",
        "advertised.listeners", "listener.security.protocol.map", "controller.listener.names", "metadata.log.dir",
        "controller.quorum.voters", "log.dir", "log.dirs");

    /** Plug-ins of a test that allow whatever is asked, which a broker without them does too. */
    private static final Set<String> LETS_EVERYTHING_PASS = Set.of(
        "kafka.server.AlterCredentialsTest$TestStandardAuthorizer",
        "kafka.server.AlterCredentialsTest$TestPrincipalBuilderReturningAuthorized");

    /** Of this thread's admin clients; a test whose end failed leaves it to the next one to close. */
    private static MockedStatic<Admin> clippedAdmin;

    private final int asked;
    private final MetadataVersion version;
    private final Map<String, String> controllerSettings = new TreeMap<>();
    private final Thread testThread = Thread.currentThread();
    private Node node;
    private ControllerServer controller;
    private volatile TestAbortedException refused;

    /** For this test of the harness, which wants its controller of these settings and folders of that version. */
    public HarnessCluster(Object harness, KafkaConfig controller, MetadataVersion version) {
        this.version = version;
        asked = collapse(harness);
        controller.originals().forEach((key, value) -> {
            if (!OF_THE_CONTROLLER.contains(key)) {
                controllerSettings.put(key, value.toString());
            }
        });
    }

    /** Leaves the harness the first of the brokers that it is about to ask for; returns how many there were. */
    private static int collapse(Object harness) {
        if (!(harness instanceof KafkaServerTestHarness several)) {
            return 1;
        }
        Seq<KafkaConfig> configs = several.configs();
        several.instanceConfigs_$eq(configs.take(1).toSeq());
        return configs.size();
    }

    /** A stand-in of the broker with these settings; one at a time, on a process of its own. */
    public KafkaBroker createBroker(KafkaConfig config, Time time, boolean startup) {
        if (time != Time.SYSTEM) {
            throw refuse("internals: the clock of the server");
        }
        if (node != null) {
            if (node.process.running()) {
                throw refuse("brokers: creates broker " + config.nodeId() + " beside " + node.config.nodeId());
            }
            node.process.remove();
        }
        node = new Node(config, settings(config));
        controller = null;
        // The harness' default is a version that is not released.
        if (version.isLessThan(MetadataVersion.latestProduction())) {
            node.process.format(BootstrapMetadata.fromVersion(version, "test"));
        }
        clipAdmins();
        KafkaBroker broker = new Facade(node).broker();
        if (startup) {
            broker.startup();
        }
        return broker;
    }

    /** Tests make their clients themselves; the ones of this thread ask for one replica where several are asked for. */
    private void clipAdmins() {
        closeClippedAdmin();
        if (asked == 1) {
            return;
        }
        clippedAdmin = Mockito.mockStatic(Admin.class, call -> {
            Object made = call.callRealMethod();
            return made instanceof Admin admin ? OtherBrokers.refuse(OneNode.clip(admin), asked, this::refuse) : made;
        });
    }

    private static void closeClippedAdmin() {
        if (clippedAdmin != null) {
            clippedAdmin.close();
            clippedAdmin = null;
        }
    }

    private Map<String, String> settings(KafkaConfig config) {
        Map<String, String> settings = new TreeMap<>(controllerSettings);
        config.originals().forEach((key, value) -> settings.put(key, value.toString()));
        settings.remove("controller.quorum.voters");
        settings.values().removeIf(LETS_EVERYTHING_PASS::contains);
        // Never waited for: the setting bounds the wait for controllers on other nodes.
        settings.remove("server.max.startup.time.ms");
        OneNode.clip(settings, asked > 1);
        if (settings.getOrDefault("listener.security.protocol.map", "").matches(".*:(SSL|SASL_.*)")) {
            throw refuse("security: " + settings.get("listener.security.protocol.map"));
        }
        OneNode.classOfTheJvm(settings).ifPresent(reason -> {
            throw refuse(reason);
        });
        return settings;
    }

    private TestAbortedException refuse(String reason) {
        refused = new TestAbortedException(reason);
        return refused;
    }

    /** A stand-in of the controller, which is in the same process. */
    public ControllerServer controller() {
        if (node == null) {
            throw refuse("internals: the controller before there is a broker");
        }
        if (controller == null) {
            controller = new Facade(node).controller();
        }
        return controller;
    }

    /** Ends what the test left running, and the test as not run if it was refused something and went on. */
    public void stop() {
        closeClippedAdmin();
        if (node != null) {
            node.process.stop();
            node.process.remove();
        }
        if (refused != null) {
            throw refused;
        }
    }

    /** The process. */
    private final class Node implements Served {
        private final KafkaConfig config;
        private final BrokerProcess process;
        private String clusterId;

        Node(KafkaConfig config, Map<String, String> settings) {
            this.config = config;
            this.process = new BrokerProcess(settings);
        }

        @Override
        public BrokerProcess broker() {
            return process;
        }

        @Override
        public String bootstrapServers() {
            return "127.0.0.1:" + process.port();
        }

        @Override
        public String clusterId() {
            if (clusterId == null) {
                clusterId = ask(admin -> admin.describeCluster().clusterId().get());
            }
            return clusterId;
        }

        @Override
        public KafkaConfig kafkaConfig() {
            return config;
        }

        @Override
        public void startBroker(int unused) {
            process.start();
        }

        @Override
        public void shutdownBroker(int unused) {
            // At the end the harness stops its brokers all together, from threads of its own.
            if (asked > 1 && Thread.currentThread() == testThread) {
                throw refuse("brokers: stops one of " + asked);
            }
            process.stop();
        }

        @Override
        public TestAbortedException refuse(String reason) {
            return HarnessCluster.this.refuse(reason);
        }
    }
}
