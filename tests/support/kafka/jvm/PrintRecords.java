import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import org.apache.avro.generic.GenericRecord;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.internals.BuiltInPartitioner;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.Header;

/**
 * Prints every record of a topic as one line of JSON, with the partition in which a Java client would look for its key:
 * {@code PrintRecords TOPIC SETTING=VALUE...}. It shares no code with the writer.
 */
final class PrintRecords {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Duration PATIENCE = Duration.ofSeconds(1);
    private static final PrintStream OUT = new PrintStream(System.out, true, StandardCharsets.UTF_8);

    public static void main(String[] arguments) throws Exception {
        Properties settings = new Properties();
        for (String argument : List.of(arguments).subList(1, arguments.length)) {
            String[] setting = argument.split("=", 2);
            settings.put(setting[0], setting[1]);
        }
        try (KafkaConsumer<byte[], Object> consumer = new KafkaConsumer<>(settings)) {
            printAll(consumer, arguments[0]);
        }
    }

    private static void printAll(KafkaConsumer<byte[], Object> consumer, String topic) throws Exception {
        List<TopicPartition> partitions = consumer.partitionsFor(topic).stream()
                .map(each -> new TopicPartition(each.topic(), each.partition()))
                .toList();
        consumer.assign(partitions);
        consumer.seekToBeginning(partitions);
        Map<TopicPartition, Long> ends = consumer.endOffsets(partitions);
        while (ends.entrySet().stream().anyMatch(end -> consumer.position(end.getKey()) < end.getValue())) {
            for (ConsumerRecord<byte[], Object> each : consumer.poll(PATIENCE)) {
                OUT.println(described(each, partitions.size()));
            }
        }
    }

    private static ObjectNode described(ConsumerRecord<byte[], Object> found, int partitions) throws Exception {
        ObjectNode line = JSON.createObjectNode();
        line.put("key", new String(found.key(), StandardCharsets.UTF_8));
        line.put("partition", found.partition());
        line.put("expected_partition", BuiltInPartitioner.partitionForKey(found.key(), partitions));
        ObjectNode headers = line.putObject("headers");
        for (Header header : found.headers()) {
            headers.put(header.key(), new String(header.value(), StandardCharsets.UTF_8));
        }
        if (found.value() instanceof GenericRecord fields) {
            line.put("schema", fields.getSchema().getFullName());
            line.set("fields", JSON.readTree(fields.toString()));
        }
        return line;
    }

    private PrintRecords() {}
}
