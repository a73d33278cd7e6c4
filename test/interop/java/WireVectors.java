// Makes the golden bytes of test/wire/: messages filled with values and serialised by Kafka's own generated classes.
//   peer.sh java WireVectors OUT
//
// The filler walks the message schemas that lie in Kafka's jars: for each message and version it builds the JSON form
// with a value for every field of that version, reads it with Kafka's converter, and writes it with Kafka's serialiser.
// Variants:
//   full          every field set to something that is not its default, arrays with two elements
//   null          like full, but null wherever that version allows null
//   default       every field at its default (so no tagged field is written)
//   unknown-tags  like full, with a tagged field that nobody knows (newest flexible version only)
// Each file is one vector: a line of facts, the hex, `--- json`, and the same message as Kafka's converter prints it.
// (It prints record data as an empty string: we put the bytes there in base64, as it does for other byte fields.)
// The output is deterministic: the same jars give the same files.

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.BinaryNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.NullNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.InputStream;
import java.lang.reflect.Method;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.Locale;
import java.util.Map;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.metadata.MetadataRecordType;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.ByteBufferAccessor;
import org.apache.kafka.common.protocol.Message;
import org.apache.kafka.common.protocol.MessageUtil;
import org.apache.kafka.common.protocol.types.RawTaggedField;
import org.apache.kafka.common.record.internal.BaseRecords;
import org.apache.kafka.common.record.internal.MemoryRecords;
import org.apache.kafka.common.record.internal.SimpleRecord;
import org.apache.kafka.common.compress.Compression;
import org.apache.kafka.common.utils.AppInfoParser;
import org.apache.kafka.metadata.MetadataRecordSerde;
import org.apache.kafka.server.common.ApiMessageAndVersion;

public class WireVectors {
    private static final ObjectMapper MAPPER = new ObjectMapper().configure(JsonParser.Feature.ALLOW_COMMENTS, true);
    private static final JsonNodeFactory NODES = JsonNodeFactory.instance;
    private static final String SOURCE = "kafka-clients-" + AppInfoParser.getVersion();

    /** The APIs and the versions that are served; a version range of Kafka's own would move with the pin. */
    private static final int[][] APIS = {
        {0, 3, 13}, {1, 4, 18}, {2, 1, 11}, {3, 0, 13}, {10, 0, 6}, {18, 0, 4}, {19, 2, 7}, {20, 1, 6}, {22, 0, 5},
            {32, 1, 4}, {60, 0, 2}, {75, 0, 0},
    };
    private static final String[] CONTROL_RECORDS = {
        "LeaderChangeMessage", "SnapshotHeaderRecord", "SnapshotFooterRecord", "KRaftVersionRecord", "VotersRecord",
            "EndTxnMarker",
    };

    private enum Variant { FULL, NULL, DEFAULT, UNKNOWN_TAGS }

    private final Path out;
    private int files;
    private long bytes;

    private WireVectors(Path out) { this.out = out; }

    public static void main(String[] args) throws Exception {
        WireVectors vectors = new WireVectors(Path.of(args[0]));
        for (int[] api : APIS) vectors.api(ApiKeys.forId(api[0]), api[1], api[2]);
        vectors.message("header", "org.apache.kafka.common.message.RequestHeaderData",
            "common/message/RequestHeader.json", "header", -1, 1, 2);
        vectors.message("header", "org.apache.kafka.common.message.ResponseHeaderData",
            "common/message/ResponseHeader.json", "header", -1, 0, 1);
        for (MetadataRecordType type : MetadataRecordType.values()) {
            String name = type.newMetadataRecord().getClass().getSimpleName();
            if (name.equals("ZkMigrationStateRecord")) continue;  // a number kept for old logs: no schema is published
            vectors.message("metadata_records", "org.apache.kafka.common.metadata." + name, "common/metadata/"
                + name + ".json",
                "metadata-record", type.id(), type.lowestSupportedVersion(), type.highestSupportedVersion());
        }
        for (String name : CONTROL_RECORDS) {
            Message message = (Message) Class.forName("org.apache.kafka.common.message."
                + name).getDeclaredConstructor().newInstance();
            vectors.message("control_records", message.getClass().getName(), "common/message/" + name + ".json",
                "control-record", -1,
                message.lowestSupportedVersion(), message.highestSupportedVersion());
        }
        String snapshot = "org.apache.kafka.server.log.remote.metadata.storage.generated.ProducerSnapshot";
        vectors.message("producer_snapshot", snapshot, "message/ProducerSnapshot.json", "producer-snapshot", -1, 1, 1);
        System.out.println(vectors.files + " vectors, " + vectors.bytes + " bytes");
    }

    private void api(ApiKeys key, int low, int high) throws Exception {
        String folder = String.format("%02d_%s", key.id, snake(key.name));
        String request = key.messageType.newRequest().getClass().getName();
        String response = key.messageType.newResponse().getClass().getName();
        message(folder, request, "common/message/" + key.name + "Request.json", "request", key.id, low, high);
        message(folder, response, "common/message/" + key.name + "Response.json", "response", key.id, low, high);
    }

    private void message(String folder, String className, String resource, String kind, int id, int low,
        int high) throws Exception {
        JsonNode schema;
        try (InputStream stream = WireVectors.class.getClassLoader().getResourceAsStream(resource)) {
            if (stream == null) throw new IllegalStateException("no schema " + resource);
            schema = MAPPER.readTree(stream);
        }
        for (int version = low; version <= high; version++) {
            boolean flexible = contains(schema.path("flexibleVersions").asText("none"), version);
            for (Variant variant : Variant.values()) {
                if (variant == Variant.UNKNOWN_TAGS && !(flexible && version == high)) continue;
                Filler filler = new Filler(schema, version, variant);
                ObjectNode json = filler.fields(schema.get("fields"));
                if (variant == Variant.NULL && filler.nulls == 0) continue;
                write(folder, className, schema.get("name").asText(), kind, id, (short) version, variant, json);
            }
        }
    }

    private void write(String folder, String className, String name, String kind, int id, short version,
        Variant variant, ObjectNode json)
            throws Exception {
        Class<?> converter = Class.forName(className + "JsonConverter");
        Message message = (Message) converter.getMethod("read", JsonNode.class, short.class).invoke(null, json,
            version);
        setRecords(message, json);
        if (variant == Variant.UNKNOWN_TAGS) {
            message.unknownTaggedFields().add(new RawTaggedField(1000, new byte[] {1, 2, 3}));
        }
        byte[] encoded = array(MessageUtil.toByteBufferAccessor(message, version).buffer());

        // What we store must be what Kafka itself reads back.
        Message again = message.getClass().getDeclaredConstructor().newInstance();
        ByteBuffer buffer = ByteBuffer.wrap(encoded);
        again.read(new ByteBufferAccessor(buffer), version);
        if (buffer.hasRemaining() || !again.equals(message)) throw new IllegalStateException("no round trip: "
            + name + " " + version);

        JsonNode printed = (JsonNode) converter.getMethod("write", message.getClass(), short.class).invoke(null,
            message, version);
        copyRecords(json, printed);

        StringBuilder facts = new StringBuilder("#");
        if (id >= 0) facts.append(" api=").append(id);
        facts.append(" name=").append(name).append(" version=").append(version).append(" kind=").append(kind);
        String variantName = variant.name().toLowerCase(Locale.ROOT).replace('_', '-');
        facts.append(" variant=").append(variantName);
        if (kind.equals("metadata-record")) facts.append(" frame=").append(frame(message, version, encoded));
        facts.append(" source=").append(SOURCE);

        Path file = out.resolve(folder).resolve((kind.endsWith("record") || kind.equals("header")
            ? snake(name) : kind.replace('-', '_'))
            + String.format("_v%02d_%s.hex", version, variantName.replace('-', '_')));
        Files.createDirectories(file.getParent());
        StringBuilder text = new StringBuilder(facts).append('\n');
        String hex = HexFormat.of().formatHex(encoded);
        for (int at = 0; at < hex.length(); at += 64) text.append(hex, at, Math.min(at + 64,
            hex.length())).append('\n');
        text.append("--- json\n").append(MAPPER.writeValueAsString(printed)).append('\n');
        Files.writeString(file, text);
        files++;
        bytes += text.length();
    }

    /** The bytes that precede the message in the value of a metadata record; checked against Kafka's own framing. */
    private static String frame(Message message, short version, byte[] encoded) {
        org.apache.kafka.common.protocol.ApiMessage record = (org.apache.kafka.common.protocol.ApiMessage) message;
        byte[] framed = array(serializeRecord(new ApiMessageAndVersion(record, version)));
        String all = HexFormat.of().formatHex(framed);
        String body = HexFormat.of().formatHex(encoded);
        if (!all.endsWith(body)) throw new IllegalStateException("unexpected framing");
        return all.substring(0, all.length() - body.length());
    }

    private static ByteBuffer serializeRecord(ApiMessageAndVersion record) {
        var cache = new org.apache.kafka.common.protocol.ObjectSerializationCache();
        int size = MetadataRecordSerde.INSTANCE.recordSize(record, cache);
        ByteBuffer buffer = ByteBuffer.allocate(size);
        MetadataRecordSerde.INSTANCE.write(record, cache, new ByteBufferAccessor(buffer));
        buffer.flip();
        return buffer;
    }

    /** Kafka's converter makes record data empty, both ways: set the data by hand, following the JSON in lockstep. */
    private static void setRecords(Object message, JsonNode json) throws Exception {
        var fields = json.fields();
        while (fields.hasNext()) {
            Map.Entry<String, JsonNode> field = fields.next();
            Method getter;
            try {
                getter = message.getClass().getMethod(field.getKey());
            } catch (NoSuchMethodException unknown) {
                continue;
            }
            if (BaseRecords.class.isAssignableFrom(getter.getReturnType())) {
                if (!field.getValue().isBinary()) continue;
                MemoryRecords records = MemoryRecords.readableRecords(ByteBuffer.wrap(field.getValue().binaryValue()));
                String setter = "set" + Character.toUpperCase(field.getKey().charAt(0)) + field.getKey().substring(1);
                message.getClass().getMethod(setter, BaseRecords.class).invoke(message, records);
            } else if (field.getValue().isArray() && getter.invoke(message) instanceof Iterable<?>) {
                int at = 0;
                for (Object element : (Iterable<?>) getter.invoke(message)) {
                    JsonNode node = field.getValue().get(at++);
                    if (node.isObject()) setRecords(element, node);
                }
            } else if (field.getValue().isObject()) {
                setRecords(getter.invoke(message), field.getValue());
            }
        }
    }

    private static void copyRecords(JsonNode from, JsonNode to) {
        if (from.isArray()) {
            for (int i = 0; i < from.size(); i++) copyRecords(from.get(i), to.get(i));
        } else if (from.isObject()) {
            var fields = from.fields();
            while (fields.hasNext()) {
                Map.Entry<String, JsonNode> field = fields.next();
                if (field.getKey().equals("records") && field.getValue().isBinary() && to.has("records")) {
                    ((ObjectNode) to).set("records", field.getValue());
                } else if (to.has(field.getKey())) {
                    copyRecords(field.getValue(), to.get(field.getKey()));
                }
            }
        }
    }

    /** Builds the JSON form of one message at one version. */
    private static final class Filler {
        private final Map<String, JsonNode> structs = new HashMap<>();
        private final int version;
        private final Variant variant;
        private int counter;
        int nulls;

        Filler(JsonNode schema, int version, Variant variant) {
            this.version = version;
            this.variant = variant;
            for (JsonNode struct : schema.path("commonStructs")) structs.put(struct.get("name").asText(),
                struct.get("fields"));
        }

        ObjectNode fields(JsonNode list) {
            ObjectNode node = NODES.objectNode();
            for (JsonNode field : list) {
                if (!contains(field.get("versions").asText(), version)) continue;
                boolean tagged = field.has("tag") && contains(field.path("taggedVersions").asText("none"), version);
                if (tagged && variant == Variant.DEFAULT) continue;
                node.set(camel(field.get("name").asText()), value(field));
            }
            return node;
        }

        private JsonNode value(JsonNode field) {
            String type = field.get("type").asText();
            boolean nullable = contains(field.path("nullableVersions").asText("none"), version);
            String fallback = field.has("default") ? field.get("default").asText() : null;
            if (variant == Variant.NULL && nullable && !"null".equals(fallback)) {
                nulls++;
                return NullNode.instance;
            }
            if (variant == Variant.NULL && nullable) {  // the default is null already: say it, where it is not tagged
                nulls++;
                return NullNode.instance;
            }
            if (variant == Variant.DEFAULT && nullable && "null".equals(fallback)) return NullNode.instance;
            if (type.startsWith("[]")) {
                ArrayNode array = NODES.arrayNode();
                if (variant != Variant.DEFAULT) {
                    for (int i = 0; i < 2; i++) array.add(single(field, type.substring(2), null));
                }
                return array;
            }
            return single(field, type, fallback);
        }

        private JsonNode single(JsonNode field, String type, String fallback) {
            String name = field.get("name").asText();
            if (variant == Variant.DEFAULT) return standard(field, type, fallback);
            int n = ++counter;
            switch (type) {
                case "bool": return NODES.booleanNode(!"true".equals(fallback));
                case "int8": return NODES.numberNode(2 + n % 100);
                case "int16": return NODES.numberNode(n % 3 == 0 ? -300 - n : 300 + n);
                case "uint16": return NODES.numberNode(60000 + n);
                case "int32": return NODES.numberNode(n % 3 == 0 ? -70000 - n : 0x01020300 + n);
                case "uint32": return NODES.numberNode(4000000000L + n);
                case "int64": return NODES.numberNode(n % 3 == 0 ? -5000000000L - n : 0x0102030405060700L + n);
                case "float64": return NODES.numberNode(n + 0.5);
                case "uuid": return NODES.textNode(new Uuid(0x1122334455667700L + n, 0x8899aabbccddee00L
                    + n).toString());
                case "string": return NODES.textNode(camel(name) + (n % 4 == 0 ? "-řeka-" : "-") + n);
                case "bytes": return new BinaryNode(new byte[] {(byte) n, 0, (byte) 0xff, (byte) (n >> 1)});
                case "records": return new BinaryNode(records(n));
                default: return fields(field.has("fields") ? field.get("fields") : structs.get(type));
            }
        }

        private JsonNode standard(JsonNode field, String type, String fallback) {
            switch (type) {
                case "bool": return NODES.booleanNode("true".equals(fallback));
                case "int8": case "int16": case "uint16": case "int32": case "uint32": case "int64":
                    return NODES.numberNode(fallback == null ? 0 : Long.decode(fallback));
                case "float64": return NODES.numberNode(fallback == null ? 0.0 : Double.parseDouble(fallback));
                case "uuid": return NODES.textNode(Uuid.ZERO_UUID.toString());
                case "string": return NODES.textNode(fallback == null ? "" : fallback);
                case "bytes": return new BinaryNode(new byte[0]);
                case "records": return new BinaryNode(records(0));
                default: return fields(field.has("fields") ? field.get("fields") : structs.get(type));
            }
        }

        /** A real batch of two records. */
        private static byte[] records(int n) {
            MemoryRecords records = MemoryRecords.withRecords(Compression.NONE,
                new SimpleRecord(1700000000000L + n, ("key-" + n).getBytes(), ("value-" + n).getBytes()),
                new SimpleRecord(1700000000001L + n, null, new byte[] {(byte) n}));
            return array(records.buffer());
        }
    }

    private static byte[] array(ByteBuffer buffer) {
        byte[] copy = new byte[buffer.remaining()];
        buffer.duplicate().get(copy);
        return copy;
    }

    /** "3", "3+", "3-7", "none". */
    private static boolean contains(String range, int version) {
        if (range.equals("none") || range.isEmpty()) return false;
        if (range.endsWith("+")) return version >= Integer.parseInt(range.substring(0, range.length() - 1));
        int dash = range.indexOf('-');
        if (dash < 0) return version == Integer.parseInt(range);
        return version >= Integer.parseInt(range.substring(0, dash))
            && version <= Integer.parseInt(range.substring(dash + 1));
    }

    private static String camel(String name) { return Character.toLowerCase(name.charAt(0)) + name.substring(1); }

    private static String snake(String name) {
        return name.replace("KRaft", "Kraft").replaceAll("([a-z0-9])([A-Z])", "$1_$2").toLowerCase(Locale.ROOT);
    }
}
