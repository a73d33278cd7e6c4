// Random inputs for the assignors of consumer groups with the answers of Kafka's own classes, one case a line, for
// test/group/assignors.txt (src/group/consumer/assignors_test.cc reads it). Each case follows from the one before it as
// a group lives: members come, go and change their subscriptions, topics appear, grow and vanish.
//   peer.sh java AssignorVectors COUNT SEED [BIG]      BIG: larger groups
// A line: ASSIGNOR homogeneous|heterogeneous TOPIC... / MEMBER...
//   TOPIC   id:partitions                 in the order in which Kafka's sets give them
//   MEMBER  id,instance,topics,previous,answer      instance "-": none; topics: indexes joined by '.', "-": none;
//           previous and answer: index:partition.partition...;index:... ; "-": nothing
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.StringJoiner;
import java.util.TreeMap;
import java.util.TreeSet;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.coordinator.group.api.assignor.ConsumerGroupPartitionAssignor;
import org.apache.kafka.coordinator.group.api.assignor.GroupAssignment;
import org.apache.kafka.coordinator.group.api.assignor.GroupSpec;
import org.apache.kafka.coordinator.group.api.assignor.MemberAssignment;
import org.apache.kafka.coordinator.group.api.assignor.MemberSubscription;
import org.apache.kafka.coordinator.group.api.assignor.SubscribedTopicDescriber;
import org.apache.kafka.coordinator.group.api.assignor.SubscriptionType;
import org.apache.kafka.coordinator.group.assignor.RangeAssignor;
import org.apache.kafka.coordinator.group.assignor.UniformAssignor;
import org.apache.kafka.coordinator.group.modern.MemberAssignmentImpl;

public class AssignorVectors {
    private static final class Member implements MemberSubscription {
        String id;
        String instance;
        Set<Uuid> topics = new LinkedHashSet<>();
        Map<Uuid, Set<Integer>> target = new TreeMap<>(AssignorVectors::unsigned);

        @Override public Optional<String> rackId() { return Optional.empty(); }
        @Override public Optional<String> instanceId() { return Optional.ofNullable(instance); }
        @Override public Set<Uuid> subscribedTopicIds() { return topics; }
    }

    private final Random random;
    private final boolean big;
    private final Map<Uuid, Integer> topics = new LinkedHashMap<>();
    private final List<Member> members = new ArrayList<>();
    private boolean homogeneous;

    private AssignorVectors(long seed, boolean big) {
        this.random = new Random(seed);
        this.big = big;
    }

    public static void main(String[] args) {
        AssignorVectors vectors = new AssignorVectors(Long.parseLong(args[1]), args.length > 2);
        int count = Integer.parseInt(args[0]);
        for (int i = 0; i < count; ) {
            vectors.fresh();
            for (int step = 0; step < 8 && i < count; ++step, ++i) {
                if (step > 0) vectors.change();
                vectors.emit(i % 3 == 2 ? new RangeAssignor() : new UniformAssignor());
            }
        }
    }

    private static int unsigned(Uuid a, Uuid b) {
        int high = Long.compareUnsigned(a.getMostSignificantBits(), b.getMostSignificantBits());
        return high != 0 ? high : Long.compareUnsigned(a.getLeastSignificantBits(), b.getLeastSignificantBits());
    }

    private Uuid id() {
        return new Uuid(random.nextLong(), random.nextLong());
    }

    private void fresh() {
        topics.clear();
        members.clear();
        homogeneous = random.nextBoolean();
        int count = 1 + random.nextInt(big ? 12 : 4);
        for (int i = 0; i < count; ++i) addTopic();
        count = 1 + random.nextInt(big ? 40 : 5);
        for (int i = 0; i < count; ++i) addMember();
    }

    private void addTopic() {
        topics.put(id(), 1 + random.nextInt(big ? 60 : 9));
    }

    private void subscribe(Member member) {
        member.topics.clear();
        for (Uuid topic : topics.keySet()) {
            if (homogeneous || random.nextInt(5) < 3) member.topics.add(topic);
        }
    }

    private void addMember() {
        Member member = new Member();
        member.id = Integer.toString(random.nextInt(1 << 20), 36) + "m";
        if (random.nextInt(4) == 0) member.instance = "i" + random.nextInt(1 << 20);
        subscribe(member);
        members.add(member);
    }

    private void change() {
        switch (random.nextInt(7)) {
            case 0 -> { if (members.size() > 1) members.remove(random.nextInt(members.size())); }
            case 1, 2 -> addMember();
            case 3 -> {
                addTopic();
                for (Member member : members) if (homogeneous || random.nextBoolean()) subscribe(member);
            }
            case 4 -> {
                if (topics.size() > 1) topics.remove(new ArrayList<>(topics.keySet()).get(random.nextInt(topics.size())));
                for (Member member : members) member.topics.retainAll(topics.keySet());
            }
            case 5 -> {
                Uuid topic = new ArrayList<>(topics.keySet()).get(random.nextInt(topics.size()));
                topics.merge(topic, 1 + random.nextInt(4), Integer::sum);
            }
            default -> {
                if (random.nextInt(4) == 0) homogeneous = !homogeneous;
                if (homogeneous) members.forEach(this::subscribe);
                else subscribe(members.get(random.nextInt(members.size())));
            }
        }
        if (homogeneous) members.forEach(this::subscribe);
        Collections.shuffle(members, random);
    }

    private String list(Map<Uuid, Set<Integer>> assignment, List<Uuid> order) {
        StringJoiner text = new StringJoiner(";");
        Map<Uuid, Set<Integer>> sorted = new TreeMap<>(AssignorVectors::unsigned);
        sorted.putAll(assignment);
        for (Map.Entry<Uuid, Set<Integer>> entry : sorted.entrySet()) {
            StringJoiner partitions = new StringJoiner(".");
            new TreeSet<>(entry.getValue()).forEach(partition -> partitions.add(partition.toString()));
            int index = order.indexOf(entry.getKey());
            text.add((index < 0 ? "?" + entry.getKey() : Integer.toString(index)) + ":" + partitions);
        }
        return text.length() == 0 ? "-" : text.toString();
    }

    private void emit(ConsumerGroupPartitionAssignor assignor) {
        // The order in which the homogeneous builder walks its topics: that of a HashSet of what a member subscribes to.
        Set<Uuid> walked = new LinkedHashSet<>(new HashSet<>(members.get(0).topics));
        walked.addAll(topics.keySet());
        List<Uuid> order = new ArrayList<>(walked);

        Map<String, Member> byId = new HashMap<>();
        Map<Uuid, Map<Integer, String>> inverted = new HashMap<>();
        for (Member member : members) {
            byId.put(member.id, member);
            member.target.forEach((topic, partitions) -> partitions.forEach(
                partition -> inverted.computeIfAbsent(topic, key -> new HashMap<>()).put(partition, member.id)));
        }
        GroupSpec spec = new GroupSpec() {
            @Override public Collection<String> memberIds() { return members.stream().map(m -> m.id).toList(); }
            @Override public SubscriptionType subscriptionType() {
                return homogeneous ? SubscriptionType.HOMOGENEOUS : SubscriptionType.HETEROGENEOUS;
            }
            @Override public boolean isPartitionAssigned(Uuid topic, int partition) {
                return inverted.getOrDefault(topic, Map.of()).containsKey(partition);
            }
            @Override public boolean isPartitionAssignable(Uuid topic, int partition) { return true; }
            @Override public MemberSubscription memberSubscription(String id) { return byId.get(id); }
            @Override public MemberAssignment memberAssignment(String id) {
                return new MemberAssignmentImpl(Collections.unmodifiableMap(byId.get(id).target));
            }
        };
        SubscribedTopicDescriber describer = new SubscribedTopicDescriber() {
            @Override public int numPartitions(Uuid topic) { return topics.getOrDefault(topic, -1); }
            @Override public Set<String> racksForPartition(Uuid topic, int partition) { return Set.of(); }
        };
        GroupAssignment answer = assignor.assign(spec, describer);

        StringBuilder line = new StringBuilder(assignor.name());
        line.append(homogeneous ? " homogeneous" : " heterogeneous");
        for (Uuid topic : order) line.append(' ').append(topic).append(':').append(topics.get(topic));
        line.append(" /");
        for (Member member : members) {
            StringJoiner indexes = new StringJoiner(".");
            new TreeSet<>(member.topics.stream().map(order::indexOf).toList()).forEach(i -> indexes.add(i.toString()));
            MemberAssignment assigned = answer.members().get(member.id);
            Map<Uuid, Set<Integer>> partitions = assigned == null ? Map.of() : assigned.partitions();
            line.append(' ').append(member.id).append(',').append(member.instance == null ? "-" : member.instance)
                .append(',').append(indexes.length() == 0 ? "-" : indexes.toString())
                .append(',').append(list(member.target, order)).append(',').append(list(partitions, order));
            Map<Uuid, Set<Integer>> target = new TreeMap<>(AssignorVectors::unsigned);
            partitions.forEach((topic, set) -> target.put(topic, new LinkedHashSet<>(new TreeSet<>(set))));
            member.target = target;
        }
        System.out.println(line);
    }
}
