package moldau.kafkatests;

import java.lang.reflect.Method;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import org.apache.kafka.common.test.api.ClusterConfig;
import org.apache.kafka.common.test.api.ClusterTemplate;
import org.apache.kafka.common.test.api.ClusterTest;
import org.apache.kafka.common.test.api.ClusterTestDefaults;
import org.apache.kafka.common.test.api.ClusterTests;
import org.apache.kafka.common.test.api.Type;
import org.junit.jupiter.api.extension.ConditionEvaluationResult;
import org.junit.jupiter.api.extension.ExecutionCondition;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.platform.commons.support.AnnotationSupport;
import org.junit.platform.commons.support.ReflectionSupport;

/**
 * For the control: a test that comes in both layouts of a cluster runs once, as combined, as it does in front of a
 * broker of one process. JUnit finds this class by its service file.
 */
public final class OneLayout implements ExecutionCondition {
    @ClusterTestDefaults
    private static final class Defaults { }

    @Override
    public ConditionEvaluationResult evaluateExecutionCondition(ExtensionContext context) {
        if (!Boolean.getBoolean("moldau.kafkatests.one-layout") || !context.getDisplayName().contains("Raft-Isolated")) {
            return ConditionEvaluationResult.enabled("");
        }
        List<Collection<Type>> invocations = invocations(context);
        int number = Integer.parseInt(context.getUniqueId().replaceAll(".*#(\\d+).*", "$1"));
        return invocations.get(number - 1).contains(Type.CO_KRAFT)
            ? ConditionEvaluationResult.disabled("twin: runs as combined") : ConditionEvaluationResult.enabled("");
    }

    /** The layouts of the configuration behind each invocation of a test, in the framework's order of invocations. */
    private static List<Collection<Type>> invocations(ExtensionContext context) {
        Method test = context.getRequiredTestMethod();
        List<Collection<Type>> configurations = new ArrayList<>();
        AnnotationSupport.findAnnotation(test, ClusterTemplate.class)
            .ifPresent(template -> configurations.addAll(generated(context, template.value())));
        ClusterTestDefaults own = context.getRequiredTestClass().getDeclaredAnnotation(ClusterTestDefaults.class);
        Type[] otherwise = (own == null ? Defaults.class.getDeclaredAnnotation(ClusterTestDefaults.class) : own).types();
        List<ClusterTest> tests = new ArrayList<>();
        AnnotationSupport.findAnnotation(test, ClusterTest.class).ifPresent(tests::add);
        AnnotationSupport.findAnnotation(test, ClusterTests.class).ifPresent(all -> tests.addAll(List.of(all.value())));
        tests.forEach(one -> configurations.add(Arrays.asList(one.types().length == 0 ? otherwise : one.types())));
        List<Collection<Type>> invocations = new ArrayList<>();
        for (Collection<Type> types : configurations) {
            types.forEach(type -> invocations.add(types));
        }
        return invocations;
    }

    @SuppressWarnings("unchecked")
    private static List<Collection<Type>> generated(ExtensionContext context, String name) {
        Method generator = ReflectionSupport.findMethod(context.getRequiredTestClass(), name).orElseThrow();
        List<ClusterConfig> configs = (List<ClusterConfig>) ReflectionSupport.invokeMethod(generator,
            context.getTestInstance().orElse(null));
        return configs.stream().map(config -> (Collection<Type>) config.clusterTypes()).toList();
    }
}
