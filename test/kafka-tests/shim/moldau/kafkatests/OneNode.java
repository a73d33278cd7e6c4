package moldau.kafkatests;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;

/** Lets a test that asks for several brokers, but needs none of them in particular, run on one. */
final class OneNode {
    private OneNode() {
    }

    /** Replication of what the broker makes itself. */
    static void clip(Map<String, String> settings, boolean collapsed) {
        settings.replaceAll((key, value) -> key.endsWith("replication.factor") || key.endsWith("min.isr")
            || key.equals("min.insync.replicas") && collapsed ? "1" : value);
    }

    /** Why a broker with these settings is not to be had here, if they name a Java class that it would load. */
    static Optional<String> classOfTheJvm(Map<String, String> settings) {
        return settings.entrySet().stream().filter(setting -> {
            String key = setting.getKey();
            boolean names = key.endsWith(".class.name") || key.endsWith(".class") || key.equals("metric.reporters")
                || key.equals("group.consumer.assignors") && setting.getValue().contains(".");
            return names && !key.equals("group.share.persister.class.name") && !setting.getValue().isEmpty();
        }).findFirst().map(setting -> "class of the JVM: " + setting.getKey() + "=" + setting.getValue());
    }

    /** An admin client whose createTopics asks for one replica where the test asked for several. */
    static Admin clip(Admin admin) {
        return (Admin) Proxy.newProxyInstance(OneNode.class.getClassLoader(), new Class<?>[] {Admin.class},
            (proxy, method, arguments) -> {
                if (method.getName().equals("createTopics")) {
                    arguments[0] = topics((Collection<?>) arguments[0]);
                }
                try {
                    return method.invoke(admin, arguments);
                } catch (InvocationTargetException error) {
                    throw error.getCause();
                }
            });
    }

    private static List<NewTopic> topics(Collection<?> asked) {
        return asked.stream().map(topic -> topic((NewTopic) topic)).toList();
    }

    static NewTopic topic(NewTopic asked) {
        NewTopic clipped;
        if (asked.replicasAssignments() != null) {
            clipped = new NewTopic(asked.name(), assignment(asked.replicasAssignments()));
        } else if (asked.replicationFactor() > 1) {
            clipped = new NewTopic(asked.name(),
                asked.numPartitions() < 0 ? Optional.empty() : Optional.of(asked.numPartitions()),
                Optional.of((short) 1));
        } else {
            return asked;
        }
        return clipped.configs(asked.configs());
    }

    static Map<Integer, List<Integer>> assignment(Map<Integer, List<Integer>> asked) {
        return asked.keySet().stream()
            .collect(Collectors.toMap(partition -> partition, partition -> List.of(BrokerProcess.NODE)));
    }
}
