// Compares our messages with Kafka's own classes.
//   moldau-wire-vectors | peer.sh java src/wire/tools/WireCompare.java
// For each line: Kafka decodes our bytes to the last one, prints the same JSON, encodes the same bytes anew, and also
// in the other version, or refuses that where we do. Ends with 1 after the first 20 differences.

import com.fasterxml.jackson.databind.JsonNode;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.Map;
import org.apache.kafka.common.errors.UnsupportedVersionException;
import org.apache.kafka.common.message.EndTxnMarker;
import org.apache.kafka.common.message.KRaftVersionRecord;
import org.apache.kafka.common.message.LeaderChangeMessage;
import org.apache.kafka.common.message.RequestHeaderData;
import org.apache.kafka.common.message.ResponseHeaderData;
import org.apache.kafka.common.message.SnapshotFooterRecord;
import org.apache.kafka.common.message.SnapshotHeaderRecord;
import org.apache.kafka.common.message.VotersRecord;
import org.apache.kafka.common.metadata.MetadataRecordType;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.ByteBufferAccessor;
import org.apache.kafka.common.protocol.Message;
import org.apache.kafka.common.protocol.MessageUtil;

public class WireCompare {
    private static final Map<Integer, Class<? extends Message>> CONTROL = Map.of(
        0, EndTxnMarker.class, 2, LeaderChangeMessage.class, 3, SnapshotHeaderRecord.class,
        4, SnapshotFooterRecord.class, 5, KRaftVersionRecord.class, 6, VotersRecord.class);

    private static int differences = 0;

    private static Message create(String kind, int key) throws Exception {
        return switch (kind) {
            case "request" -> ApiKeys.forId(key).messageType.newRequest();
            case "response" -> ApiKeys.forId(key).messageType.newResponse();
            case "header" -> key == 0 ? new RequestHeaderData() : new ResponseHeaderData();
            case "metadata" -> MetadataRecordType.fromId((short) key).newMetadataRecord();
            case "control" -> CONTROL.get(key).getDeclaredConstructor().newInstance();
            default -> throw new IllegalArgumentException(kind);
        };
    }

    private static String encode(Message message, short version) {
        ByteBuffer buffer = MessageUtil.toByteBufferAccessor(message, version).buffer();
        byte[] bytes = new byte[buffer.remaining()];
        buffer.get(bytes);
        return HexFormat.of().formatHex(bytes);
    }

    private static void differ(String line, String what, String theirs) {
        System.out.println(what + "\n  ours:   " + line + "\n  theirs: " + theirs);
        if (++differences == 20) System.exit(1);
    }

    public static void main(String[] args) throws Exception {
        long lines = 0;
        long refused = 0;
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = in.readLine(); line != null; line = in.readLine()) {
            String[] parts = line.split("\t");
            String[] words = parts[0].split(" ", 4);
            String[] other = parts[2].split(" ", 2);
            short version = Short.parseShort(words[2]);
            String hex = words.length > 3 ? words[3] : "";
            lines++;
            Message message = create(words[0], Integer.parseInt(words[1]));
            try {
                ByteBufferAccessor readable = new ByteBufferAccessor(ByteBuffer.wrap(HexFormat.of().parseHex(hex)));
                message.read(readable, version);
                if (readable.remaining() != 0) differ(line, "bytes left over", "" + readable.remaining());
                String again = encode(message, version);
                if (!again.equals(hex)) differ(line, "bytes differ", again);
                Class<?> converter = Class.forName(message.getClass().getName() + "JsonConverter");
                JsonNode json = (JsonNode) converter.getMethod("write", message.getClass(), short.class)
                    .invoke(null, message, version);
                if (!json.toString().equals(parts[1])) differ(line, "JSON differs", json.toString());
            } catch (RuntimeException error) {
                differ(line, "refused", error.toString());
                continue;
            }
            String elsewhere;
            try {
                elsewhere = encode(message, Short.parseShort(other[0]));
            } catch (UnsupportedVersionException | NullPointerException error) {
                elsewhere = "error: " + error.getMessage();
                refused++;
            }
            String ours = other.length > 1 ? other[1] : "";
            if (!(ours.startsWith("error") && elsewhere.startsWith("error")) && !ours.equals(elsewhere)) {
                differ(line, "in version " + other[0] + " it differs", elsewhere);
            }
        }
        System.out.println(lines + " messages compared (" + refused + " refused by both in another version), "
            + differences + " differences");
        System.exit(differences == 0 && lines > 0 ? 0 : 1);
    }
}
