// Decodes what another implementation encoded with Kafka's own classes and encodes it again: the bytes must be the
// same. Standard input: lines `KIND API VERSION HEX`; one line `bad …` is printed per line that does not hold, and last
// `N good, N bad`. Kinds: request, response (API is the api key); request-header, response-header (API is ignored,
// VERSION is the header's); metadata-record (API is the record type); control-record (API is the control record type);
// producer-snapshot.
//   peer.sh java CodecCheck <LINES

import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.HexFormat;
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

public class CodecCheck {
    public static void main(String[] args) throws Exception {
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in));
        int good = 0;
        int bad = 0;
        for (String line = in.readLine(); line != null; line = in.readLine()) {
            String[] words = line.trim().split(" ");
            if (words.length < 3) continue;
            String fault;
            try {
                short version = Short.parseShort(words[2]);
                byte[] bytes = HexFormat.of().parseHex(words.length > 3 ? words[3] : "");
                fault = check(message(words[0], Integer.parseInt(words[1])), version, bytes);
            } catch (Exception error) {
                fault = error.toString();
            }
            if (fault == null) {
                good++;
            } else {
                bad++;
                System.out.println("bad " + words[0] + " " + words[1] + " " + words[2] + ": " + fault);
            }
        }
        System.out.println(good + " good, " + bad + " bad");
    }

    private static String check(Message message, short version, byte[] bytes) {
        if (version < message.lowestSupportedVersion() || version > message.highestSupportedVersion())
            return "no such version";
        ByteBuffer buffer = ByteBuffer.wrap(bytes);
        message.read(new ByteBufferAccessor(buffer), version);
        if (buffer.hasRemaining()) return buffer.remaining() + " of " + bytes.length + " bytes left over; read "
            + message;
        ByteBuffer again = MessageUtil.toByteBufferAccessor(message, version).buffer();
        byte[] encoded = new byte[again.remaining()];
        again.get(encoded);
        if (Arrays.equals(encoded, bytes)) return null;
        return "encodes differently at byte " + Arrays.mismatch(encoded, bytes) + ": "
            + HexFormat.of().formatHex(encoded)
            + " in place of " + HexFormat.of().formatHex(bytes) + "; read " + message;
    }

    private static Message message(String kind, int api) throws Exception {
        switch (kind) {
            case "request": return ApiKeys.forId(api).messageType.newRequest();
            case "response": return ApiKeys.forId(api).messageType.newResponse();
            case "request-header": return new RequestHeaderData();
            case "response-header": return new ResponseHeaderData();
            case "metadata-record": return MetadataRecordType.fromId((short) api).newMetadataRecord();
            case "producer-snapshot":
                return (Message) Class
                    .forName("org.apache.kafka.server.log.remote.metadata.storage.generated.ProducerSnapshot")
                    .getDeclaredConstructor().newInstance();
            case "control-record":
                switch (api) {
                    case 0: case 1: return new EndTxnMarker();
                    case 2: return new LeaderChangeMessage();
                    case 3: return new SnapshotHeaderRecord();
                    case 4: return new SnapshotFooterRecord();
                    case 5: return new KRaftVersionRecord();
                    case 6: return new VotersRecord();
                    default: throw new IllegalArgumentException("no control record type " + api);
                }
            default: throw new IllegalArgumentException("no kind " + kind);
        }
    }
}
