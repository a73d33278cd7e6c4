package moldau.kafkatests;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import kafka.server.KafkaConfig;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import org.opentest4j.TestAbortedException;

/** A broker process as a test's cluster has it: what its stand-in shows, and how to ask it over the wire. */
interface Served {
    BrokerProcess broker();

    String bootstrapServers();

    String clusterId();

    /** The settings as real Kafka reads them. */
    KafkaConfig kafkaConfig();

    void startBroker(int id);

    void shutdownBroker(int id);

    /** The end of a test that asked for what is not here; it stays so if the test catches this. */
    TestAbortedException refuse(String reason);

    /** What an admin client says of a topic; empty when there is no such topic. */
    default Optional<TopicDescription> describe(String topic) {
        return ask(admin -> {
            try {
                return Optional.of(admin.describeTopics(List.of(topic)).allTopicNames().get().get(topic));
            } catch (ExecutionException error) {
                if (error.getCause() instanceof UnknownTopicOrPartitionException) {
                    return Optional.empty();
                }
                throw error;
            }
        });
    }

    /** The broker's settings that were set while it runs. */
    default Map<String, String> dynamicSettings() {
        ConfigResource resource = new ConfigResource(ConfigResource.Type.BROKER, Integer.toString(BrokerProcess.NODE));
        Map<String, String> settings = new HashMap<>();
        ask(admin -> admin.describeConfigs(List.of(resource)).all().get().get(resource)).entries().forEach(entry -> {
            if (entry.source() == ConfigEntry.ConfigSource.DYNAMIC_BROKER_CONFIG
                || entry.source() == ConfigEntry.ConfigSource.DYNAMIC_DEFAULT_BROKER_CONFIG) {
                settings.put(entry.name(), entry.value());
            }
        });
        settings.values().removeIf(Objects::isNull);
        return settings;
    }

    /** A question that may throw. */
    interface Question<T> {
        T of(Admin admin) throws Exception;
    }

    /** Asks with an admin client of its own, which is closed again: the framework looks for threads left behind. */
    default <T> T ask(Question<T> question) {
        Map<String, Object> configs = new HashMap<>();
        configs.put("bootstrap.servers", bootstrapServers());
        try (Admin admin = Admin.create(configs)) {
            return question.of(admin);
        } catch (RuntimeException error) {
            throw error;
        } catch (Exception error) {
            throw new AssertionError("the broker did not answer the cluster's own question", error);
        }
    }
}
