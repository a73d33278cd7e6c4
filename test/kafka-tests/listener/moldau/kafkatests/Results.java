package moldau.kafkatests;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.engine.UniqueId;
import org.junit.platform.launcher.TestExecutionListener;
import org.junit.platform.launcher.TestIdentifier;
import org.opentest4j.TestAbortedException;

/**
 * Writes a line per test as it begins and ends, so that a run that is cut short still has results: JUnit's own reports
 * are written at the end. Lines: {@code STATE <tab> METHOD[INVOCATION] <tab> MILLISECONDS <tab> REASON}.
 */
public final class Results implements TestExecutionListener {
    private final Path file;
    private final Map<String, Long> began = new ConcurrentHashMap<>();

    public Results() {
        String name = System.getProperty("moldau.kafkatests.results");
        file = name == null ? null : Path.of(name);
    }

    @Override
    public void executionStarted(TestIdentifier test) {
        if (test.isTest()) {
            began.put(test.getUniqueId(), System.nanoTime());
            write("begin", test, 0, "");
        }
    }

    @Override
    public void executionSkipped(TestIdentifier test, String reason) {
        write("skip", test, 0, reason);
    }

    @Override
    public void executionFinished(TestIdentifier test, TestExecutionResult result) {
        // A container that went well is its tests' business; one that did not took them along.
        if (!test.isTest() && result.getStatus() == TestExecutionResult.Status.SUCCESSFUL) {
            return;
        }
        long start = began.getOrDefault(test.getUniqueId(), System.nanoTime());
        Throwable error = result.getThrowable().orElse(null);
        String state = error == null ? "pass" : aborted(error) == null ? "fail" : "abort";
        write(state, test, (System.nanoTime() - start) / 1_000_000, error == null ? "" : words(error));
    }

    /**
     * What ended the test early, also from inside a loop of the test that tries again and wraps what it caught, or when
     * the test took it for a failure.
     */
    private static TestAbortedException aborted(Throwable error) {
        for (Throwable cause = error; cause != null; cause = cause.getCause()) {
            if (cause instanceof TestAbortedException found) {
                return found;
            }
        }
        for (Throwable later : error.getSuppressed()) {
            if (later instanceof TestAbortedException found) {
                return found;
            }
        }
        return null;
    }

    private static String words(Throwable error) {
        TestAbortedException early = aborted(error);
        if (early != null) {
            return String.valueOf(early.getMessage());
        }
        StringWriter text = new StringWriter();
        error.printStackTrace(new PrintWriter(text));
        return text.toString();
    }

    private static String name(TestIdentifier test) {
        StringBuilder name = new StringBuilder();
        for (UniqueId.Segment segment : test.getUniqueIdObject().getSegments()) {
            switch (segment.getType()) {
                case "method", "test-template", "test-factory" ->
                    name.append(segment.getValue().replaceAll("\\(.*", ""));
                case "nested-class" -> name.append(segment.getValue()).append('.');
                case "test-template-invocation" -> name.append('[').append(segment.getValue(), 1,
                    segment.getValue().length()).append(']');
                default -> { }
            }
        }
        return name.length() == 0 ? "(class)" : name.toString();
    }

    private synchronized void write(String state, TestIdentifier test, long milliseconds, String reason) {
        if (file == null) {
            return;
        }
        String line = state + "\t" + name(test) + "\t" + milliseconds + "\t"
            + reason.replace("\t", " ").replace("\r", "").replace("\n", "\\n") + "\n";
        try {
            Files.writeString(file, line, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
        } catch (IOException error) {
            throw new UncheckedIOException(error);
        }
    }
}
