import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.avro.Schema;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.kstream.Consumed;
import org.apache.kafka.streams.kstream.Grouped;
import org.apache.kafka.streams.kstream.KStream;
import org.apache.kafka.streams.kstream.Materialized;
import org.apache.kafka.streams.kstream.Produced;
import org.apache.kafka.streams.processor.api.FixedKeyProcessor;
import org.apache.kafka.streams.processor.api.FixedKeyProcessorContext;
import org.apache.kafka.streams.processor.api.FixedKeyRecord;
import org.apache.kafka.streams.state.KeyValueStore;

/**
 * The statistics as Kafka Streams has them: both topics into one aggregation per key, kept in RocksDB with its
 * changelog, and one record per touched task at each commit, which is what the store's cache passes on. From there the
 * windows are derived, too: see {@link Windowing}.
 *
 * <p>{@code StatsPeer SERVERS GROUP STATS WINDOWS TASK_TOPIC STEP_TOPIC WARM_UP SCHEMAS...}: the same program first
 * works through WARM_UP records under another group, so that the compiler has seen all of it, and then starts from
 * nothing.
 */
final class StatsPeer {
    private static final String STATES = "states";
    private final AtomicLong handled = new AtomicLong();
    private final String servers;
    private final List<String> sources;
    private final Path folder = Path.of(System.getenv("TASKER_STATE_DIR"));
    private final Schema taskEvent;
    private final Schema stepEvent;
    private final Schema taskStats;
    private final Schema statsWindow;

    private StatsPeer(String[] arguments) throws IOException {
        servers = arguments[0];
        sources = List.of(arguments[4], arguments[5]);
        taskEvent = schema(arguments[7]);
        stepEvent = schema(arguments[8]);
        taskStats = schema(arguments[9]);
        statsWindow = schema(arguments[10]);
    }

    private static Schema schema(String file) throws IOException {
        return new Schema.Parser().parse(Path.of(file).toFile());
    }

    /** Bytes to events; the first one of an instance is told. */
    private final class Reading implements FixedKeyProcessor<byte[], byte[], EventRecord> {
        private final Map<String, EventRecord.Reader> readers = Map.of(
                sources.get(0), new EventRecord.Reader(taskEvent), sources.get(1), new EventRecord.Reader(stepEvent));
        private FixedKeyProcessorContext<byte[], EventRecord> context;

        @Override
        public void init(FixedKeyProcessorContext<byte[], EventRecord> given) {
            context = given;
        }

        @Override
        public void process(FixedKeyRecord<byte[], byte[]> record) {
            if (handled.getAndIncrement() == 0) {
                noteFirstRecord();
            }
            try {
                String topic = context.recordMetadata().orElseThrow().topic();
                Header trace = record.headers().lastHeader("traceparent");
                String traceId = trace == null ? null : new String(trace.value(), StandardCharsets.US_ASCII).substring(3, 35);
                context.forward(record.withValue(new EventRecord(readers.get(topic).read(record.value()), traceId)));
            } catch (IOException error) {
                throw new UncheckedIOException(error);
            }
        }
    }

    private void noteFirstRecord() {
        try {
            Files.writeString(folder.resolve("first-record"), Double.toString(System.currentTimeMillis() / 1000.0));
        } catch (IOException error) {
            throw new UncheckedIOException(error);
        }
    }

    private Topology topology(String statsTopic, String windowTopic) {
        StreamsBuilder builder = new StreamsBuilder();
        var key = Serdes.ByteArray();
        KStream<byte[], TaskState> states = builder.stream(sources, Consumed.with(key, Serdes.ByteArray()))
                .processValues(Reading::new)
                .groupByKey(Grouped.keySerde(key))
                .aggregate(
                        TaskState::new,
                        (id, event, state) -> state.fold(event),
                        Materialized.<byte[], TaskState, KeyValueStore<Bytes, byte[]>>as(STATES)
                                .withKeySerde(key)
                                .withValueSerde(TaskState.serde())
                                .withCachingEnabled())
                .toStream();
        states.mapValues(new TaskStats(taskStats)::record)
                .to(statsTopic, Produced.with(key, SingleObject.serde(taskStats)));
        states.process(Windowing.supplier(STATES, statsWindow), STATES)
                .to(
                        windowTopic,
                        Produced.with(key, SingleObject.serde(statsWindow))
                                .withStreamPartitioner((topic, place, window, partitions) ->
                                        Optional.of(Set.of((Integer) window.get("partition")))));
        return builder.build();
    }

    private KafkaStreams started(String group, String statsTopic, String windowTopic) {
        Properties settings = new Properties();
        settings.put(StreamsConfig.APPLICATION_ID_CONFIG, group);
        settings.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, servers);
        settings.put(StreamsConfig.STATE_DIR_CONFIG, folder.resolve(group).toString());
        settings.put(StreamsConfig.PROCESSING_GUARANTEE_CONFIG, StreamsConfig.AT_LEAST_ONCE);
        settings.put(StreamsConfig.NUM_STREAM_THREADS_CONFIG, 1);
        settings.put(StreamsConfig.COMMIT_INTERVAL_MS_CONFIG, 1000);
        settings.put(StreamsConfig.STATESTORE_CACHE_MAX_BYTES_CONFIG, 64L << 20);
        settings.put(StreamsConfig.consumerPrefix("auto.offset.reset"), "earliest");
        settings.put(StreamsConfig.consumerPrefix("max.poll.records"), 4000);
        settings.put(StreamsConfig.consumerPrefix("session.timeout.ms"), 6000);
        handled.set(0);
        KafkaStreams streams = new KafkaStreams(topology(statsTopic, windowTopic), settings);
        streams.start();
        return streams;
    }

    private void warmUp(String group, long records) throws InterruptedException {
        String own = group + "-warm-" + System.nanoTime();
        String output = group + "-warm-up";
        try (KafkaStreams streams = started(own, output, output)) {
            for (long before = -1; handled.get() < records && handled.get() != before; ) {
                before = handled.get() == 0 ? -1 : handled.get(); // a small workload ends before
                Thread.sleep(500);
            }
        }
    }

    public static void main(String[] arguments) throws Exception {
        StatsPeer peer = new StatsPeer(arguments);
        peer.warmUp(arguments[1], Long.parseLong(arguments[6]));
        CountDownLatch asked = new CountDownLatch(1);
        Runtime.getRuntime().addShutdownHook(new Thread(asked::countDown));
        try (KafkaStreams streams = peer.started(arguments[1], arguments[2], arguments[3])) {
            asked.await();
            streams.close(Duration.ofSeconds(10));
        }
    }
}
