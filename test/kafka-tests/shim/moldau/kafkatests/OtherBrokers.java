package moldau.kafkatests;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Stream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewPartitionReassignment;
import org.apache.kafka.clients.admin.NewPartitions;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.common.TopicPartitionReplica;
import org.apache.kafka.common.config.ConfigResource;
import org.opentest4j.TestAbortedException;

/** Finds the calls of an admin client that are about a broker which the test asked for and did not get. */
final class OtherBrokers {
    private OtherBrokers() {
    }

    /** An admin client of a test that asked for the brokers 0 to {@code asked} - 1, of which there is 0. */
    static Admin refuse(Admin admin, int asked, Function<String, TestAbortedException> refusal) {
        return (Admin) Proxy.newProxyInstance(OtherBrokers.class.getClassLoader(), new Class<?>[] {Admin.class},
            (proxy, method, arguments) -> {
                Optional<Integer> other = arguments == null ? Optional.empty()
                    : Stream.of(arguments).flatMap(OtherBrokers::named).filter(id -> id > 0 && id < asked).findFirst();
                if (other.isPresent()) {
                    throw refusal.apply("brokers: " + method.getName() + " of broker " + other.get());
                }
                try {
                    return method.invoke(admin, arguments);
                } catch (InvocationTargetException error) {
                    throw error.getCause();
                }
            });
    }

    /** The brokers that an argument names; of a topic's replicas those that would lead. */
    private static Stream<Integer> named(Object argument) {
        if (argument instanceof Integer id) {
            return Stream.of(id);
        }
        if (argument instanceof Collection<?> several) {
            return several.stream().flatMap(OtherBrokers::named);
        }
        if (argument instanceof Map<?, ?> pairs) {
            return pairs.entrySet().stream()
                .flatMap(pair -> Stream.concat(named(pair.getKey()), named(pair.getValue())));
        }
        if (argument instanceof Optional<?> one) {
            return one.stream().flatMap(OtherBrokers::named);
        }
        if (argument instanceof ConfigResource resource) {
            boolean broker = resource.type() == ConfigResource.Type.BROKER
                || resource.type() == ConfigResource.Type.BROKER_LOGGER;
            return broker && resource.name().matches("\\d{1,6}") ? Stream.of(Integer.valueOf(resource.name()))
                : Stream.empty();
        }
        if (argument instanceof TopicPartitionReplica replica) {
            return Stream.of(replica.brokerId());
        }
        if (argument instanceof NewPartitionReassignment reassignment) {
            return reassignment.targetReplicas().stream();
        }
        if (argument instanceof NewPartitions partitions) {
            return leaders(partitions.assignments());
        }
        if (argument instanceof NewTopic topic) {
            return topic.replicasAssignments() == null ? Stream.empty()
                : leaders(topic.replicasAssignments().values());
        }
        return Stream.empty();
    }

    private static Stream<Integer> leaders(Collection<List<Integer>> assignments) {
        return assignments == null ? Stream.empty()
            : assignments.stream().filter(replicas -> replicas != null && !replicas.isEmpty())
                .map(replicas -> replicas.get(0));
    }
}
