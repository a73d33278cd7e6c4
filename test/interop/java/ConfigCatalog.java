// Prints, as JSON, every topic, broker and group setting that the peer's own classes define: name, type, default,
// bounds, importance, documentation, update mode and synonyms. The config tables are compared with it; the output
// itself is never committed.
//   peer.sh java ConfigCatalog >configs.json

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import org.apache.kafka.common.config.ConfigDef;
import org.apache.kafka.common.config.types.Password;
import org.apache.kafka.coordinator.group.GroupConfig;
import org.apache.kafka.server.config.DynamicBrokerConfig;
import org.apache.kafka.server.config.ConfigSynonym;
import org.apache.kafka.server.config.ServerTopicConfigSynonyms;
import org.apache.kafka.storage.internals.log.LogConfig;

public class ConfigCatalog {
    private static final ObjectMapper MAPPER = new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);

    public static void main(String[] args) throws Exception {
        ObjectNode root = MAPPER.createObjectNode();

        ArrayNode topics = root.putArray("topic");
        for (ConfigDef.ConfigKey key : sorted(LogConfig.configDefCopy())) {
            ObjectNode node = describe(topics.addObject(), key);
            List<ConfigSynonym> synonyms = ServerTopicConfigSynonyms.ALL_TOPIC_CONFIG_SYNONYMS.get(key.name);
            if (synonyms == null) continue;
            node.put("server_default", ServerTopicConfigSynonyms.serverSynonym(key.name));
            ArrayNode list = node.putArray("server_synonyms");
            for (ConfigSynonym synonym : synonyms) {
                // The converter is a function without a name: show what it makes of 2.
                ObjectNode entry = list.addObject().put("name", synonym.name());
                try {
                    entry.put("converts_2_to", synonym.converter().apply("2"));
                } catch (RuntimeException error) {
                    entry.put("converts_2_to", error.toString());
                }
            }
        }

        Map<String, String> modes = DynamicBrokerConfig.dynamicConfigUpdateModes();
        ArrayNode brokers = root.putArray("broker");
        for (ConfigDef.ConfigKey key : sorted(kafka.server.KafkaConfig.configDef())) {
            ObjectNode node = describe(brokers.addObject(), key);
            node.put("update_mode", modes.getOrDefault(key.name, "read-only"));
            node.put("dynamic", DynamicBrokerConfig.ALL_DYNAMIC_CONFIGS.contains(key.name));
            // What a DescribeConfigs answer calls sensitive: a password, or a type that the table does not know.
            node.put("sensitive", key.type() == ConfigDef.Type.PASSWORD);
            ArrayNode synonyms = node.putArray("synonyms");
            DynamicBrokerConfig.brokerConfigSynonyms(key.name, true).forEach(synonyms::add);
        }
        ArrayNode dynamicOnly = root.putArray("dynamic_update_modes_of_unlisted_names");
        for (Map.Entry<String, String> mode : new TreeMap<>(modes).entrySet()) {
            if (!kafka.server.KafkaConfig.configDef().names().contains(mode.getKey())) {
                dynamicOnly.addObject().put("name", mode.getKey()).put("update_mode", mode.getValue());
            }
        }

        ArrayNode groups = root.putArray("group");
        for (ConfigDef.ConfigKey key : sorted(GroupConfig.CONFIG_DEF)) describe(groups.addObject(), key);
        System.out.println(MAPPER.writeValueAsString(root));
    }

    private static Iterable<ConfigDef.ConfigKey> sorted(ConfigDef definition) {
        List<ConfigDef.ConfigKey> keys = new java.util.ArrayList<>();
        for (String name : new TreeSet<>(definition.names())) keys.add(definition.configKeys().get(name));
        return keys;
    }

    private static ObjectNode describe(ObjectNode node, ConfigDef.ConfigKey key) {
        node.put("name", key.name).put("type", key.type().name());
        node.put("has_default", key.hasDefault());
        if (!key.hasDefault() || key.defaultValue == null) {
            node.putNull("default");
        } else {
            Object value = key.defaultValue instanceof Password
                ? ((Password) key.defaultValue).value() : key.defaultValue;
            node.put("default", ConfigDef.convertToString(value, key.type()));
        }
        node.put("validator", key.validator == null ? null : key.validator.toString());
        node.put("validator_class", key.validator == null ? null : key.validator.getClass().getName());
        node.put("importance", key.importance.name()).put("internal", key.internalConfig);
        return node.put("doc", key.documentation);
    }
}
