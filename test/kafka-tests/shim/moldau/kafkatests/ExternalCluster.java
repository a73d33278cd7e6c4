package moldau.kafkatests;

import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import kafka.server.ControllerServer;
import kafka.server.KafkaBroker;
import kafka.server.KafkaConfig;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.clients.consumer.GroupProtocol;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.common.TopicPartitionInfo;
import org.apache.kafka.common.acl.AccessControlEntry;
import org.apache.kafka.common.acl.AclBindingFilter;
import org.apache.kafka.common.network.ListenerName;
import org.apache.kafka.common.security.auth.SecurityProtocol;
import org.apache.kafka.common.test.ClusterInstance;
import org.apache.kafka.common.test.api.ClusterConfig;
import org.apache.kafka.common.test.api.Type;
import org.apache.kafka.metadata.bootstrap.BootstrapMetadata;
import org.apache.kafka.server.authorizer.Authorizer;
import org.apache.kafka.server.common.Feature;
import org.apache.kafka.server.common.MetadataVersion;
import org.apache.kafka.server.fault.FaultHandlerException;
import org.opentest4j.TestAbortedException;

/**
 * The cluster of a {@code @ClusterTest}: one external broker, whatever number was asked for. What cannot be had from
 * outside a broker aborts the test with the reason, so that nothing passes that was not tried.
 */
public final class ExternalCluster implements ClusterInstance, Served {
    private static final long WAIT_SECONDS = 60;

    private final ClusterConfig config;
    private final Facade facade = new Facade(this);
    private BrokerProcess broker;
    private boolean started;
    private boolean stopped;
    private String clusterId;
    private volatile TestAbortedException refused;

    public ExternalCluster(ClusterConfig config) {
        this.config = config;
    }

    @Override
    public TestAbortedException refuse(String reason) {
        refused = new TestAbortedException(reason);
        return refused;
    }

    /** Throws what the test may have caught: neither its success nor its failure would mean anything. */
    public void throwRefused() {
        if (refused != null) {
            throw refused;
        }
    }

    /** Aborts a test whose settings name Java classes, or ask for security: such a broker is not to be had here. */
    public void refuseWhatNeedsAJvm() {
        if (config.brokerSecurityProtocol() != SecurityProtocol.PLAINTEXT) {
            throw refuse("security: " + config.brokerSecurityProtocol());
        }
        OneNode.classOfTheJvm(settings()).ifPresent(reason -> {
            throw refuse(reason);
        });
    }

    private Map<String, String> settings() {
        Map<String, String> settings = new TreeMap<>(config.serverProperties());
        settings.putAll(config.perServerOverrideProperties().getOrDefault(BrokerProcess.NODE, Map.of()));
        OneNode.clip(settings, collapsed());
        for (String topic : List.of("offsets.topic", "transaction.state.log", "share.coordinator.state.topic")) {
            settings.putIfAbsent(topic + ".replication.factor", "1");
        }
        settings.putIfAbsent("transaction.state.log.min.isr", "1");
        if (!config.standalone()) {
            // A quorum of voters that the settings name, as published clusters have.
            settings.putIfAbsent("controller.quorum.voters", BrokerProcess.NODE + "@localhost:9093");
        }
        return settings;
    }

    boolean collapsed() {
        return config.numBrokers() > 1;
    }

    @Override
    public BrokerProcess broker() {
        if (broker == null) {
            broker = new BrokerProcess(settings(), config.brokerListenerName().value(),
                config.controllerListenerName().value(), config.numDisksPerBroker());
        }
        return broker;
    }

    @Override
    public Type type() {
        return Type.CO_KRAFT;
    }

    @Override
    public Map<Integer, KafkaBroker> brokers() {
        return Map.of(BrokerProcess.NODE, facade.broker());
    }

    @Override
    public Map<Integer, KafkaBroker> aliveBrokers() {
        return broker().running() ? brokers() : Map.of();
    }

    @Override
    public Map<Integer, ControllerServer> controllers() {
        return Map.of(BrokerProcess.NODE, facade.controller());
    }

    @Override
    public ClusterConfig config() {
        return config;
    }

    @Override
    public Set<Integer> controllerIds() {
        return new HashSet<>(Set.of(BrokerProcess.NODE));
    }

    @Override
    public Set<Integer> brokerIds() {
        // The caller's own: tests take away from it.
        return new HashSet<>(Set.of(BrokerProcess.NODE));
    }

    @Override
    public ListenerName clientListener() {
        return config.brokerListenerName();
    }

    @Override
    public ListenerName controllerListenerName() {
        return config.controllerListenerName();
    }

    @Override
    public String bootstrapServers() {
        return "localhost:" + broker().port();
    }

    @Override
    public String bootstrapControllers() {
        throw refuse("no controller listener: the node serves clients on broker listeners only");
    }

    @Override
    public List<Integer> controllerBoundPorts() {
        throw refuse("no controller listener: the node serves clients on broker listeners only");
    }

    @Override
    public List<Integer> brokerBoundPorts() {
        return List.of(broker().port());
    }

    @Override
    public String clusterId() {
        if (clusterId == null) {
            clusterId = ask(admin -> admin.describeCluster().clusterId().get());
        }
        return clusterId;
    }

    @Override
    public <K, V> Producer<K, V> producer(Map<String, Object> configs) {
        if (configs.containsKey("transactional.id")) {
            throw refuse("transactions: not served in this version");
        }
        return ClusterInstance.super.producer(configs);
    }

    @Override
    public Admin admin(Map<String, Object> configs, boolean usingBootstrapControllers) {
        Admin admin = ClusterInstance.super.admin(configs, usingBootstrapControllers);
        return collapsed() ? OneNode.clip(admin) : admin;
    }

    @Override
    public Set<GroupProtocol> supportedGroupProtocols() {
        String protocols = config.serverProperties().getOrDefault("group.coordinator.rebalance.protocols", "consumer");
        return protocols.contains("consumer") ? Set.of(GroupProtocol.CLASSIC, GroupProtocol.CONSUMER)
            : Set.of(GroupProtocol.CLASSIC);
    }

    @Override
    public Optional<FaultHandlerException> firstFatalException() {
        return Optional.empty();
    }

    @Override
    public Optional<FaultHandlerException> firstNonFatalException() {
        return Optional.empty();
    }

    @Override
    public void start() {
        refuseWhatNeedsAJvm();
        if (!started) {
            started = true;
            format();
            broker().start();
        }
    }

    /**
     * Published clusters are formatted with the levels that the test names; a test that names none runs on what the
     * broker makes of an empty folder.
     */
    private void format() {
        MetadataVersion latest = MetadataVersion.latestProduction();
        // The framework's default is a version that is not released.
        MetadataVersion version = config.metadataVersion().isAtLeast(latest) ? latest : config.metadataVersion();
        if (version == latest && config.features().isEmpty()) {
            return;
        }
        Map<String, Short> levels = new HashMap<>();
        levels.put(Feature.GROUP_VERSION.featureName(), Feature.GROUP_VERSION.defaultLevel(version));
        config.features().forEach((feature, level) -> levels.put(feature.featureName(), level));
        broker().format(BootstrapMetadata.fromVersions(version, levels, "test"));
    }

    @Override
    public boolean started() {
        return started;
    }

    @Override
    public void stop() {
        if (!stopped) {
            stopped = true;
            if (broker != null) {
                broker.stop();
                broker.remove();
            }
        }
    }

    @Override
    public boolean stopped() {
        return stopped;
    }

    @Override
    public void shutdownBroker(int id) {
        known(id);
        if (collapsed()) {
            throw refuse("brokers: stops one of " + config.numBrokers());
        }
        broker().stop();
    }

    @Override
    public void startBroker(int id) {
        known(id);
        broker().start();
    }

    private void known(int id) {
        if (id >= config.numBrokers() || id < 0) {
            throw new IllegalArgumentException("Unknown brokerId " + id);
        }
        if (id != BrokerProcess.NODE) {
            throw refuse("brokers: names broker " + id + " of " + config.numBrokers());
        }
    }

    @Override
    public void waitForReadyBrokers() {
        ask(admin -> admin.describeCluster().nodes().get());
    }

    @Override
    public void createTopic(String topic, int partitions, short replicas, Map<String, String> configs) {
        // As the published helper: the answer is not looked at, the topic's existence is.
        create(new NewTopic(topic, partitions, collapsed() ? (short) 1 : replicas).configs(configs));
        waitTopicCreation(topic, partitions);
    }

    @Override
    public void createTopicWithAssignment(String topic, Map<Integer, List<Integer>> replicas) {
        create(new NewTopic(topic, collapsed() ? OneNode.assignment(replicas) : replicas));
        waitTopicCreation(topic, replicas.size());
    }

    private void create(NewTopic topic) {
        ask(admin -> {
            try {
                admin.createTopics(List.of(topic)).all().get();
            } catch (ExecutionException refused) {
                // waitTopicCreation says so if the topic is not there either.
            }
            return null;
        });
    }

    @Override
    public void waitTopicCreation(String topic, int partitions) {
        if (partitions <= 0) {
            throw new IllegalArgumentException("Partition count must be > 0, but was " + partitions);
        }
        await(topic + " with " + partitions + " partitions", () -> {
            Optional<TopicDescription> found = describe(topic);
            return found.isPresent() && found.get().partitions().size() == partitions
                && found.get().partitions().stream().allMatch(ExternalCluster::led);
        });
    }

    private static boolean led(TopicPartitionInfo partition) {
        return partition.leader() != null && !partition.leader().isEmpty();
    }

    @Override
    public void waitTopicDeletion(String topic) {
        await(topic + " deleted", () -> describe(topic).isEmpty());
    }

    @Override
    public void ensureConsistentMetadata() {
        // One node: what was answered is applied.
    }

    @Override
    public void ensureConsistentMetadata(Collection<KafkaBroker> brokers, Collection<ControllerServer> controllers) {
        // One node: what was answered is applied.
    }

    @Override
    public List<Authorizer> authorizers() {
        throw refuse("internals: the authorizer object");
    }

    @Override
    public void waitAcls(AclBindingFilter filter, Collection<AccessControlEntry> entries) {
        await("ACLs " + entries, () -> ask(admin -> {
            Set<AccessControlEntry> found = new HashSet<>();
            admin.describeAcls(filter).values().get().forEach(binding -> found.add(binding.entry()));
            return found.equals(new HashSet<>(entries));
        }));
    }

    @Override
    public KafkaConfig kafkaConfig() {
        Map<String, Object> properties = new HashMap<>(broker().properties());
        // Real Kafka's check of its settings wants a quorum and a listener for it.
        properties.put("listeners", properties.get("listeners") + "," + properties.get("controller.listener.names")
            + "://127.0.0.1:0");
        properties.put("controller.quorum.bootstrap.servers", "127.0.0.1:1");
        if (broker().running()) {
            properties.putAll(dynamicSettings());
        }
        return new KafkaConfig(properties, false);
    }

    private static void await(String what, Callable<Boolean> condition) {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(WAIT_SECONDS);
        try {
            while (!condition.call()) {
                if (System.nanoTime() > deadline) {
                    throw new AssertionError("not within " + WAIT_SECONDS + " s: " + what);
                }
                BrokerProcess.pause(50);
            }
        } catch (RuntimeException error) {
            throw error;
        } catch (Exception error) {
            throw new AssertionError("while waiting for: " + what, error);
        }
    }
}
