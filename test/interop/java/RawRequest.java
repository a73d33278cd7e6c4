// Sends requests of any API and version, given as JSON in the form of Kafka's own converters, and prints the answers as
// JSON. For differential checks and for looking things up.
//   peer.sh java RawRequest HOST:PORT API_KEY VERSION JSON [--hex]      one request (JSON: a literal, or @FILE); --hex
//                                                                       also prints bytes
//   peer.sh java RawRequest HOST:PORT -                                 standard input: lines `API_KEY VERSION JSON`;
//                                                                       one answer a line,
//                                                                       {"closed":true} where the broker closed the
//                                                                       connection, {"silent":true} where it did not
//                                                                       answer within 15 s
//                                                                       a line `sleep MS` waits, and answers too
// Record data in requests is base64 (Kafka's converter would drop it), and in answers it is base64 too.

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.BinaryNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.BufferedReader;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.InputStreamReader;
import java.lang.reflect.Method;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.HexFormat;
import java.util.Map;
import org.apache.kafka.common.message.RequestHeaderData;
import org.apache.kafka.common.message.ResponseHeaderData;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.ApiMessage;
import org.apache.kafka.common.protocol.ByteBufferAccessor;
import org.apache.kafka.common.protocol.MessageUtil;
import org.apache.kafka.common.record.internal.BaseRecords;
import org.apache.kafka.common.record.internal.MemoryRecords;

public class RawRequest {
    private static final ObjectMapper MAPPER = new ObjectMapper();
    private final String host;
    private final int port;
    private Socket socket;
    private boolean hex;

    private RawRequest(String address) {
        host = address.substring(0, address.lastIndexOf(':'));
        port = Integer.parseInt(address.substring(address.lastIndexOf(':') + 1));
    }

    public static void main(String[] args) throws Exception {
        RawRequest client = new RawRequest(args[0]);
        if (!args[1].equals("-")) {
            String text = args[3].startsWith("@") ? Files.readString(Path.of(args[3].substring(1))) : args[3];
            client.hex = args.length > 4 && args[4].equals("--hex");
            JsonNode answer = client.ask(Integer.parseInt(args[1]), Short.parseShort(args[2]), MAPPER.readTree(text));
            System.out.println(MAPPER.writerWithDefaultPrettyPrinter().writeValueAsString(answer));
            return;
        }
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in));
        for (String line = in.readLine(); line != null; line = in.readLine()) {
            String[] words = line.split(" ", 3);
            JsonNode answer;
            if (words[0].equals("sleep")) {
                Thread.sleep(Long.parseLong(words[1]));
                System.out.println("{\"slept\":true}");
                continue;
            }
            try {
                answer = client.ask(Integer.parseInt(words[0]), Short.parseShort(words[1]), MAPPER.readTree(words[2]));
            } catch (EOFException | SocketException closed) {
                client.socket = null;
                answer = MAPPER.createObjectNode().put("closed", true);
            } catch (SocketTimeoutException silent) {
                client.socket.close();
                client.socket = null;
                answer = MAPPER.createObjectNode().put("silent", true);
            }
            System.out.println(MAPPER.writeValueAsString(answer));
        }
    }

    private JsonNode ask(int key, short version, JsonNode json) throws Exception {
        ApiKeys api = ApiKeys.forId(key);
        Class<?> reader = Class.forName(api.messageType.newRequest().getClass().getName() + "JsonConverter");
        ApiMessage request = (ApiMessage) reader.getMethod("read", JsonNode.class, short.class).invoke(null, json,
            version);
        setRecords(request, json);
        RequestHeaderData header = new RequestHeaderData().setRequestApiKey(api.id).setRequestApiVersion(version)
            .setCorrelationId(7).setClientId("oracle");
        byte[] frame = encode(header, api.requestHeaderVersion(version), request, version);
        if (socket == null) {
            socket = new Socket(host, port);
            socket.setSoTimeout(15000);
            socket.setTcpNoDelay(true);
        }
        socket.getOutputStream().write(ByteBuffer.allocate(4 + frame.length).putInt(frame.length).put(frame).array());
        DataInputStream in = new DataInputStream(socket.getInputStream());
        byte[] bytes = new byte[in.readInt()];
        in.readFully(bytes);
        if (hex) {
            System.out.println("request  " + HexFormat.of().formatHex(frame));
            System.out.println("response " + HexFormat.of().formatHex(bytes));
        }
        ByteBuffer answer = ByteBuffer.wrap(bytes);
        ByteBufferAccessor readable = new ByteBufferAccessor(answer);
        new ResponseHeaderData(readable, api.responseHeaderVersion(version));
        ApiMessage response = api.messageType.newResponse();
        response.read(readable, version);
        if (answer.remaining() != 0) throw new IllegalStateException(answer.remaining() + " bytes left over");
        Class<?> writer = Class.forName(response.getClass().getName() + "JsonConverter");
        JsonNode printed = (JsonNode) writer.getMethod("write", response.getClass(), short.class).invoke(null,
            response, version);
        showRecords(response, printed);
        return printed;
    }

    private static byte[] encode(ApiMessage header, short headerVersion, ApiMessage body, short version) {
        ByteBuffer first = MessageUtil.toByteBufferAccessor(header, headerVersion).buffer();
        ByteBuffer second = MessageUtil.toByteBufferAccessor(body, version).buffer();
        byte[] all = new byte[first.remaining() + second.remaining()];
        int length = first.remaining();
        first.get(all, 0, length);
        second.get(all, length, second.remaining());
        return all;
    }

    /** Walks message and JSON in lockstep: fields by their getters, arrays by position. */
    private static void setRecords(Object message, JsonNode json) throws Exception {
        var fields = json.fields();
        while (fields.hasNext()) {
            Map.Entry<String, JsonNode> field = fields.next();
            Method getter = getter(message, field.getKey());
            if (getter == null) continue;
            if (BaseRecords.class.isAssignableFrom(getter.getReturnType())) {
                if (!field.getValue().isTextual()) continue;
                byte[] data = Base64.getDecoder().decode(field.getValue().asText());
                String setter = "set" + Character.toUpperCase(field.getKey().charAt(0)) + field.getKey().substring(1);
                message.getClass().getMethod(setter, BaseRecords.class).invoke(message,
                    MemoryRecords.readableRecords(ByteBuffer.wrap(data)));
            } else if (getter.invoke(message) instanceof Iterable<?> && field.getValue().isArray()) {
                int at = 0;
                for (Object element : (Iterable<?>) getter.invoke(message)) {
                    JsonNode node = field.getValue().get(at++);
                    if (node.isObject()) setRecords(element, node);
                }
            }
        }
    }

    private static void showRecords(Object message, JsonNode json) throws Exception {
        var names = json.fieldNames();
        while (names.hasNext()) {
            String name = names.next();
            Method getter = getter(message, name);
            if (getter == null) continue;
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
                    if (node.isObject()) showRecords(element, node);
                }
            }
        }
    }

    private static Method getter(Object message, String name) {
        try {
            return message.getClass().getMethod(name);
        } catch (NoSuchMethodException unknown) {
            return null;
        }
    }
}
