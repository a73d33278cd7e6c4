package moldau.kafkatests;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.network.ListenerName;
import org.apache.kafka.metadata.bootstrap.BootstrapDirectory;
import org.apache.kafka.metadata.bootstrap.BootstrapMetadata;

/** One broker as a child process: its folder, its settings file, its port, from start to the removal of its data. */
final class BrokerProcess {
    static final int NODE = 0;
    private static final long READY_SECONDS = 30;
    private static final long STOP_SECONDS = 30;

    private final Path folder;
    private final Map<String, String> properties;
    private Process process;
    private int starts;

    BrokerProcess(Map<String, String> wanted, String listener, String controllerListener, int disks) {
        folder = newFolder();
        int port = freePort();
        properties = new TreeMap<>(wanted);
        properties.put("process.roles", "broker,controller");
        properties.put("node.id", Integer.toString(NODE));
        properties.putIfAbsent("listeners", listener + "://127.0.0.1:" + port);
        // Published clusters are known by this name, and outputs show it.
        properties.putIfAbsent("advertised.listeners", listener + "://localhost:" + port);
        properties.putIfAbsent("controller.listener.names", controllerListener);
        properties.putIfAbsent("listener.security.protocol.map",
            listener + ":PLAINTEXT," + controllerListener + ":PLAINTEXT");
        properties.putIfAbsent("inter.broker.listener.name", listener);
        properties.put("log.dirs", IntStream.range(0, disks).mapToObj(disk -> folder.resolve("data" + disk).toString())
            .collect(Collectors.joining(",")));
        properties.putIfAbsent("log.cleaner.dedupe.buffer.size", "2097152");
        properties.putIfAbsent("unstable.feature.versions.enable", "true");
        properties.putIfAbsent("unstable.api.versions.enable", "true");
    }

    /** With these settings, in the folders that they name; a listener at port 0 gets a free port and keeps it. */
    BrokerProcess(Map<String, String> settings) {
        folder = newFolder();
        properties = new TreeMap<>(settings);
        properties.put("process.roles", "broker,controller");
        Map<String, Integer> ports = new HashMap<>();
        for (String key : List.of("listeners", "advertised.listeners")) {
            properties.computeIfPresent(key, (unused, listeners) -> Stream.of(listeners.split(","))
                .map(one -> one.endsWith(":0")
                    ? one.substring(0, one.length() - 1) + ports.computeIfAbsent(name(one), name -> freePort()) : one)
                .collect(Collectors.joining(",")));
        }
    }

    private static Path newFolder() {
        try {
            Path work = Path.of(required("moldau.kafkatests.work"));
            Files.createDirectories(work);
            return Files.createTempDirectory(work, "broker-");
        } catch (IOException error) {
            throw new UncheckedIOException(error);
        }
    }

    /** The name in a listener such as {@code PLAINTEXT://localhost:9092}. */
    private static String name(String listener) {
        return listener.substring(0, listener.indexOf(':'));
    }

    private static String required(String name) {
        String value = System.getProperty(name);
        if (value == null) {
            throw new IllegalStateException("run.py sets the system property " + name);
        }
        return value;
    }

    private static int freePort() {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getByName("127.0.0.1"))) {
            return socket.getLocalPort();
        } catch (IOException error) {
            throw new UncheckedIOException(error);
        }
    }

    /** The port of the first listener. */
    int port() {
        return port(listeners()[0]);
    }

    /** The port of this listener; what is asked of the controller's is served on the first. */
    int port(ListenerName wanted) {
        return Stream.of(listeners()).filter(one -> name(one).equals(wanted.value())).findFirst()
            .map(BrokerProcess::port).orElseGet(this::port);
    }

    private String[] listeners() {
        return properties.get("listeners").split(",");
    }

    private static int port(String listener) {
        return Integer.parseInt(listener.substring(listener.lastIndexOf(':') + 1));
    }

    Map<String, String> properties() {
        return properties;
    }

    List<File> dataFolders() {
        String folders = properties.getOrDefault("log.dirs", properties.get("log.dir"));
        return Stream.of(folders.split(",")).map(File::new).toList();
    }

    boolean running() {
        return process != null && process.isAlive();
    }

    /** Makes a data folder of each empty one, with these records as the first of the cluster's metadata. */
    void format(BootstrapMetadata bootstrap) {
        String cluster = Uuid.randomUuid().toString();
        try {
            String metadata = properties.getOrDefault("metadata.log.dir", dataFolders().get(0).toString());
            List<File> folders = new ArrayList<>(dataFolders());
            if (!folders.contains(new File(metadata))) {
                folders.add(new File(metadata));
            }
            for (File data : folders) {
                Files.createDirectories(data.toPath());
                Files.write(data.toPath().resolve("meta.properties"), List.of("version=1", "cluster.id=" + cluster,
                    "node.id=" + properties.get("node.id"), "directory.id=" + Uuid.randomUuid()));
            }
            new BootstrapDirectory(metadata).writeBinaryFile(bootstrap);
        } catch (IOException error) {
            throw new UncheckedIOException(error);
        }
    }

    /** Starts the broker, on the data of its last run if it had one, and returns when it says that it serves. */
    void start() {
        if (running()) {
            return;
        }
        try {
            Path settings = folder.resolve("server.properties");
            Files.write(settings, properties.entrySet().stream()
                .map(pair -> pair.getKey() + "=" + pair.getValue().replace("\\", "\\\\")).toList());
            Path said = folder.resolve("broker-" + starts++ + ".log");
            ProcessBuilder builder = new ProcessBuilder(required("moldau.kafkatests.binary"), "broker", "--config",
                settings.toString(), "--admin", "none");
            // Variables of the outside are settings to the broker.
            builder.environment().keySet().removeIf(key -> key.startsWith("MOLDAU_") || key.startsWith("KAFKA_"));
            process = builder.redirectErrorStream(true).redirectOutput(said.toFile()).start();
            Runtime.getRuntime().addShutdownHook(new EndAtExit(process));
            awaitReady(said);
        } catch (IOException error) {
            throw new UncheckedIOException(error);
        }
    }

    private void awaitReady(Path said) throws IOException {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(READY_SECONDS);
        while (true) {
            List<String> lines = Files.readAllLines(said);
            if (lines.stream().anyMatch(line -> line.startsWith("ready "))) {
                return;
            }
            if (!process.isAlive()) {
                throw new AssertionError("the broker ended at start, code " + process.exitValue() + ":\n"
                    + String.join("\n", lines));
            }
            if (System.nanoTime() > deadline) {
                process.destroyForcibly();
                throw new AssertionError("the broker was not ready in time:\n" + String.join("\n", lines));
            }
            pause(5);
        }
    }

    /** SIGTERM, and waits for the end; a broker that must be killed, or ends with another code than 0, is an error. */
    void stop() {
        if (process == null) {
            return;
        }
        boolean ran = process.isAlive();
        process.destroy();
        try {
            if (!process.waitFor(STOP_SECONDS, TimeUnit.SECONDS)) {
                process.destroyForcibly().waitFor();
                throw new AssertionError("the broker did not end within " + STOP_SECONDS + " s of SIGTERM");
            }
        } catch (InterruptedException stopped) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
            return;
        }
        int code = process.exitValue();
        process = null;
        if (!ran || code != 0) {
            throw new AssertionError("the broker " + (ran ? "ended" : "had ended by itself") + " with code " + code
                + "; see " + folder);
        }
    }

    /** Removes folder and data. */
    void remove() {
        if (Boolean.getBoolean("moldau.kafkatests.keep")) {
            return;
        }
        try (Stream<Path> paths = Files.walk(folder)) {
            paths.sorted(Comparator.reverseOrder()).forEach(path -> path.toFile().delete());
        } catch (IOException | UncheckedIOException error) {
            // What is left is in run.py's scratch folder, which goes at its end.
        }
    }

    static void pause(long milliseconds) {
        try {
            Thread.sleep(milliseconds);
        } catch (InterruptedException stopped) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while waiting", stopped);
        }
    }

    /** A JVM that is told to end takes its broker along. */
    private static final class EndAtExit extends Thread {
        private final Process process;

        EndAtExit(Process process) {
            this.process = process;
        }

        @Override
        public void run() {
            process.destroyForcibly();
        }
    }
}
