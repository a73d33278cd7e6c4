package org.apache.kafka.common.test.junit;

import java.util.List;
import moldau.kafkatests.ExternalCluster;
import org.apache.kafka.common.test.api.ClusterConfig;
import org.apache.kafka.common.test.api.Type;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.AfterTestExecutionCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.Extension;
import org.junit.jupiter.api.extension.TestTemplateInvocationContext;
import org.opentest4j.TestAbortedException;

/**
 * Stands in front of the class of this name in kafka-test-common-runtime: every {@code @ClusterTest} gets its cluster
 * here. In place of servers inside this JVM it starts a broker as a process of its own.
 */
public class RaftClusterInvocationContext implements TestTemplateInvocationContext {
    private final String name;
    private final ClusterConfig config;
    private final boolean combined;

    public RaftClusterInvocationContext(String name, ClusterConfig config, boolean combined) {
        this.name = name;
        this.config = config;
        this.combined = combined;
    }

    @Override
    public String getDisplayName(int index) {
        return name + " [" + index + "] " + (combined ? "combined" : "isolated") + " " + config.tags();
    }

    @Override
    public List<Extension> getAdditionalExtensions() {
        ExternalCluster cluster = new ExternalCluster(config);
        // The node under test is broker and controller in one; a test that comes in both layouts needs one run.
        boolean twin = !combined && config.clusterTypes().contains(Type.CO_KRAFT);
        return List.of(
            (BeforeEachCallback) context -> {
                if (twin) {
                    throw new TestAbortedException("twin: runs as combined");
                }
                cluster.refuseWhatNeedsAJvm();
                if (config.isAutoStart()) {
                    cluster.start();
                }
            },
            (AfterTestExecutionCallback) context -> {
                cluster.stop();
                cluster.throwRefused();
            },
            // Reached also when a set-up method failed, after which there is no test execution.
            (AfterEachCallback) context -> cluster.stop(),
            new ClusterInstanceParameterResolver(cluster));
    }
}
