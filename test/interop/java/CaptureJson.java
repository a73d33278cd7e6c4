// Appends to every recorded frame (kind=request-frame, response-frame) what Kafka's own classes read in it: a line `---
// json` and {"header":…,"body":…}. Fails when a frame cannot be read to its last byte, so a bad capture cannot stay.
//   peer.sh java CaptureJson DIR

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.BinaryNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.lang.reflect.Method;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.kafka.common.message.RequestHeaderData;
import org.apache.kafka.common.message.ResponseHeaderData;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.ApiMessage;
import org.apache.kafka.common.protocol.ByteBufferAccessor;
import org.apache.kafka.common.record.internal.MemoryRecords;

public class CaptureJson {
    private static final ObjectMapper MAPPER = new ObjectMapper();
    private static final Pattern FACTS = Pattern.compile(
        "# api=(\\d+) (?:name=\\S+ )?version=(\\d+) kind=(request|response)-frame .*");

    public static void main(String[] args) throws Exception {
        List<Path> files;
        try (Stream<Path> stream = Files.walk(Path.of(args[0]))) {
            files = stream.filter(p -> p.toString().endsWith(".hex")).sorted().collect(Collectors.toList());
        }
        int done = 0;
        for (Path file : files) {
            List<String> lines = Files.readAllLines(file);
            Matcher facts = FACTS.matcher(lines.get(0));
            if (!facts.matches() || lines.contains("--- json")) continue;
            ApiKeys api = ApiKeys.forId(Integer.parseInt(facts.group(1)));
            short version = Short.parseShort(facts.group(2));
            boolean request = facts.group(3).equals("request");
            ByteBuffer buffer = ByteBuffer.wrap(HexFormat.of().parseHex(String.join("", lines.subList(1,
                lines.size()))));
            ByteBufferAccessor readable = new ByteBufferAccessor(buffer);
            short headerVersion = request ? api.requestHeaderVersion(version) : api.responseHeaderVersion(version);
            ApiMessage header = request ? new RequestHeaderData(readable,
                headerVersion) : new ResponseHeaderData(readable, headerVersion);
            ApiMessage body = request ? api.messageType.newRequest() : api.messageType.newResponse();
            ObjectNode json = MAPPER.createObjectNode();
            json.set("header", write(header, headerVersion));
            // A client newer than the broker asks in a version that the broker does not know: only the header can be
            // read, and the answer comes in version 0.
            boolean unknown = version > api.latestVersion();
            if (!(unknown && request)) {
                short bodyVersion = unknown ? 0 : version;
                body.read(readable, bodyVersion);
                if (buffer.hasRemaining()) throw new IllegalStateException(buffer.remaining() + " bytes left in "
                    + file);
                json.set("body", write(body, bodyVersion));
                fillRecords(body, json.get("body"));
            }
            String name = api.name + (request ? "Request" : "Response");
            lines.set(0, lines.get(0).replaceFirst("api=(\\d+) ", "api=$1 name=" + name + " ")
                .replace("kind=", "header=" + headerVersion + " kind="));
            Files.writeString(file, String.join("\n", lines) + "\n--- json\n" + MAPPER.writeValueAsString(json) + "\n");
            done++;
        }
        System.out.println(done + " captures decoded");
    }

    private static JsonNode write(ApiMessage message, short version) throws Exception {
        Class<?> converter = Class.forName(message.getClass().getName() + "JsonConverter");
        return (JsonNode) converter.getMethod("write", message.getClass(), short.class).invoke(null, message, version);
    }

    /** The converter prints record data as an empty string: put the bytes there. */
    private static void fillRecords(Object message, JsonNode json) throws Exception {
        var names = json.fieldNames();
        while (names.hasNext()) {
            String name = names.next();
            Method getter;
            try {
                getter = message.getClass().getMethod(name);
            } catch (NoSuchMethodException unknown) {
                continue;
            }
            Object value = getter.invoke(message);
            if (value instanceof MemoryRecords) {
                ByteBuffer data = ((MemoryRecords) value).buffer();
                byte[] bytes = new byte[data.remaining()];
                data.get(bytes);
                ((ObjectNode) json).set(name, new BinaryNode(bytes));
            } else if (value instanceof Iterable<?> && json.get(name).isArray()) {
                int at = 0;
                for (Object element : (Iterable<?>) value) {
                    JsonNode node = json.get(name).get(at++);
                    if (node.isObject()) fillRecords(element, node);
                }
            }
        }
    }
}
