// Runs many of Kafka's command-line tools in one virtual machine, which costs a fraction of a machine each. A line of
// standard input is a run: the main class, the standard input and the arguments, base64, with tabs between; a line of
// standard output answers it: exit code, standard output, standard error. Log lines go to the real standard error.
import java.io.BufferedReader;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.lang.reflect.InvocationTargetException;
import java.util.Base64;
import org.apache.kafka.common.utils.Exit;

public class ToolRunner {
    static final class Ended extends Error {
        Ended() {
            super("ended", null, false, false);
        }
    }

    static int code = -1;
    static int outSize;
    static int errSize;
    static ByteArrayOutputStream out;
    static ByteArrayOutputStream err;

    // Only the first exit counts: tools catch what the stand-in for exit throws, and go on.
    static void end(int status) {
        System.out.flush();
        System.err.flush();
        if (code < 0) {
            code = status;
            outSize = out.size();
            errSize = err.size();
        }
    }

    static String encode(ByteArrayOutputStream bytes, int size) {
        return Base64.getEncoder().encodeToString(java.util.Arrays.copyOf(bytes.toByteArray(), size));
    }

    public static void main(String[] ignored) throws Exception {
        PrintStream answers = System.out;
        PrintStream errors = System.err;
        BufferedReader runs = new BufferedReader(new InputStreamReader(System.in));
        Exit.setExitProcedure((status, message) -> {
            end(status);
            throw new Ended();
        });
        Exit.setHaltProcedure((status, message) -> {
            end(status);
            throw new Ended();
        });
        for (String line = runs.readLine(); line != null; line = runs.readLine()) {
            String[] fields = line.split("\t", -1);
            String[] words = new String[fields.length - 2];
            for (int i = 0; i < words.length; ++i) words[i] = new String(Base64.getDecoder().decode(fields[i + 2]), "UTF-8");
            InputStream input = new ByteArrayInputStream(Base64.getDecoder().decode(fields[1]));
            code = -1;
            out = new ByteArrayOutputStream();
            err = new ByteArrayOutputStream();
            System.setOut(new PrintStream(out, false, "UTF-8"));
            System.setErr(new PrintStream(err, false, "UTF-8"));
            System.setIn(input);
            try {
                Class.forName(fields[0]).getMethod("main", String[].class).invoke(null, (Object) words);
                end(0);
            } catch (InvocationTargetException thrown) {
                if (!(thrown.getCause() instanceof Ended)) thrown.getCause().printStackTrace();
                end(1);
            }
            System.setOut(answers);
            System.setErr(errors);
            answers.println(code + "\t" + encode(out, outSize) + "\t" + encode(err, errSize));
            answers.flush();
        }
    }
}
