// What Kafka's own classes make of topics and regular expressions of consumer groups, for the tests of
// src/group/consumer:
//   peer.sh java GroupVectors hashes    test/group/hashes.txt:
//       raw SIZE HASH                                   XXH3 of the bytes 0, 7, 14, ... (mod 256), SIZE of them
//       topic NAME ID PARTITIONS RACKS HASH             RACKS: of each partition's replicas, "a.b|c" ("-": none)
//       group HASH...  = HASH                           of topics' hashes, in the order of the topics' names
//   peer.sh java GroupVectors regexes   test/group/regexes.txt: lines of regular expressions read from standard input,
//       each with what re2j says: `ok NAME...` (those of the names below that match) or `error DESCRIPTION`
import com.dynatrace.hash4j.hashing.Hashing;
import com.google.re2j.Pattern;
import com.google.re2j.PatternSyntaxException;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.coordinator.common.runtime.CoordinatorMetadataImage;
import org.apache.kafka.coordinator.group.Utils;

public class GroupVectors {
    private static final String[] NAMES = {"orders", "orders-eu", "orders.us_1", "Payments", "a", "ab", "abc", "x-1", "__internal"};

    public static void main(String[] args) throws Exception {
        if (args[0].equals("hashes")) hashes();
        else regexes();
    }

    private static void hashes() {
        int[] sizes = {0, 1, 2, 3, 4, 5, 7, 8, 9, 12, 16, 17, 31, 32, 33, 48, 63, 64, 65, 96, 97, 127, 128, 129, 143, 144, 160, 200,
            239, 240, 241, 255, 256, 319, 320, 512, 1023, 1024, 1025, 1088, 2048, 2049, 5000};
        for (int size : sizes) {
            byte[] bytes = new byte[size];
            for (int i = 0; i < size; ++i) bytes[i] = (byte) (7 * i);
            System.out.println("raw " + size + " " + Long.toHexString(Hashing.xxh3_64().hashStream().putBytes(bytes).getAsLong()));
        }
        Random random = new Random(11);
        Map<String, Long> all = new LinkedHashMap<>();
        String[] topics = {"a", "billing", "orders-eu.v1", "t".repeat(249), "zz"};
        int[] counts = {1, 6, 100, 3, 1000};
        String[][] racks = {{}, {"r1", "r2"}, {}, {"zone-ü", "b", "a"}, {"x"}};
        for (int i = 0; i < topics.length; ++i) {
            Uuid id = new Uuid(random.nextLong(), random.nextLong());
            String name = topics[i];
            int count = counts[i];
            List<String> own = List.of(racks[i]);
            CoordinatorMetadataImage.TopicMetadata topic = (CoordinatorMetadataImage.TopicMetadata) Proxy.newProxyInstance(
                GroupVectors.class.getClassLoader(), new Class<?>[] {CoordinatorMetadataImage.TopicMetadata.class},
                (proxy, method, values) -> switch (method.getName()) {
                    case "name" -> name;
                    case "id" -> id;
                    case "partitionCount" -> count;
                    case "partitionRacks" -> new ArrayList<>(own);
                    default -> throw new UnsupportedOperationException(method.getName());
                });
            CoordinatorMetadataImage image = (CoordinatorMetadataImage) Proxy.newProxyInstance(
                GroupVectors.class.getClassLoader(), new Class<?>[] {CoordinatorMetadataImage.class},
                (proxy, method, values) -> Optional.of(topic));
            long hash = Utils.computeTopicHash(name, image);
            all.put(name, hash);
            System.out.println("topic " + name + " " + id + " " + count + " " + (own.isEmpty() ? "-" : String.join(".", own))
                + " " + Long.toHexString(hash));
        }
        StringBuilder line = new StringBuilder("group");
        all.values().forEach(hash -> line.append(' ').append(Long.toHexString(hash)));
        System.out.println(line + " = " + Long.toHexString(Utils.computeGroupHash(all)));
    }

    private static void regexes() throws Exception {
        BufferedReader input = new BufferedReader(new InputStreamReader(System.in));
        for (String regex; (regex = input.readLine()) != null; ) {
            StringBuilder answer = new StringBuilder();
            try {
                Pattern pattern = Pattern.compile(regex);
                answer.append("ok");
                for (String name : NAMES) if (pattern.matcher(name).matches()) answer.append(' ').append(name);
            } catch (PatternSyntaxException error) {
                answer.append("error ").append(error.getDescription());
            }
            System.out.println(regex + "\t" + answer);
        }
    }
}
