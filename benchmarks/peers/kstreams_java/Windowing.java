import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.avro.Schema;
import org.apache.avro.generic.GenericRecord;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.processor.PunctuationType;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.ProcessorSupplier;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.StoreBuilder;
import org.apache.kafka.streams.state.Stores;
import org.apache.kafka.streams.state.TimestampedKeyValueStore;

/**
 * The windows of a partition. Every two seconds, what the tasks that came through counted for before is exchanged for
 * what they count for now, and the windows that this changed are told: so a busy window is read and written once for
 * thousands of tasks, which no cache would do for it that the states fill up.
 *
 * <p>What a task counts for follows from its state. So nothing is lost with what waits here when the process dies: the
 * next one first compares all states with what they counted for, and tells all windows again.
 */
final class Windowing implements Processor<byte[], TaskState, byte[], GenericRecord> {
    private static final String COUNTED = "counted";
    private static final String WINDOWS = "windows";
    private static final Duration BETWEEN_TELLINGS = Duration.ofSeconds(2);

    private final String statesName;
    private final WindowStats stats;
    private final Map<Bytes, List<Contribution>> waiting = new HashMap<>();
    private final Map<Place, Window> changed = new HashMap<>();
    private ProcessorContext<byte[], GenericRecord> context;
    private TimestampedKeyValueStore<byte[], TaskState> states;
    private KeyValueStore<Bytes, byte[]> counted;
    private KeyValueStore<byte[], Window> windows;
    private boolean mayHaveDied;

    private Windowing(String statesName, WindowStats stats) {
        this.statesName = statesName;
        this.stats = stats;
    }

    /** Returns what makes such processors, with their stores; to be connected with the store of the states. */
    static ProcessorSupplier<byte[], TaskState, byte[], GenericRecord> supplier(String statesName, Schema statsWindow) {
        StoreBuilder<?> counted = Stores.keyValueStoreBuilder(
                Stores.persistentKeyValueStore(COUNTED), Serdes.Bytes(), Serdes.ByteArray());
        StoreBuilder<?> windows = Stores.keyValueStoreBuilder(
                Stores.persistentKeyValueStore(WINDOWS), Serdes.ByteArray(), Window.serde());
        return new ProcessorSupplier<>() {
            @Override
            public Processor<byte[], TaskState, byte[], GenericRecord> get() {
                return new Windowing(statesName, new WindowStats(statsWindow));
            }

            @Override
            public Set<StoreBuilder<?>> stores() {
                return Set.of(counted, windows);
            }
        };
    }

    @Override
    public void init(ProcessorContext<byte[], GenericRecord> given) {
        context = given;
        counted = given.getStateStore(COUNTED);
        windows = given.getStateStore(WINDOWS);
        states = given.getStateStore(statesName);
        try (var all = states.all()) {
            mayHaveDied = all.hasNext();
        }
        given.schedule(BETWEEN_TELLINGS, PunctuationType.WALL_CLOCK_TIME, this::tell);
    }

    @Override
    public void process(Record<byte[], TaskState> record) {
        waiting.put(Bytes.wrap(record.key()), Contribution.of(record.value()));
    }

    private void tell(long nowMs) {
        if (mayHaveDied) {
            mayHaveDied = false;
            catchUp();
        }
        waiting.forEach(this::exchange);
        waiting.clear();
        int partition = context.taskId().partition();
        changed.forEach((place, window) -> {
            byte[] key = place.key();
            window.changedAt(nowMs);
            windows.put(key, window);
            context.forward(new Record<>(key, stats.record(place, window, partition), nowMs));
        });
        changed.clear();
    }

    private void catchUp() {
        try (var all = windows.all()) {
            all.forEachRemaining(entry -> changed.put(Place.ofKey(entry.key), entry.value));
        }
        try (var all = states.all()) {
            all.forEachRemaining(entry -> exchange(Bytes.wrap(entry.key), Contribution.of(entry.value.value())));
        }
    }

    private void exchange(Bytes task, List<Contribution> now) {
        List<Contribution> before = Contribution.ofBytes(counted.get(task));
        if (now.equals(before)) {
            return;
        }
        counted.put(task, Contribution.toBytes(now));
        Map<Contribution, Integer> difference = new HashMap<>();
        now.forEach(part -> difference.merge(part, 1, Integer::sum));
        before.forEach(part -> difference.merge(part, -1, Integer::sum));
        difference.forEach(this::add);
    }

    private void add(Contribution part, int times) {
        if (times != 0) {
            for (int lengthS : Place.LENGTHS_S) {
                changed.computeIfAbsent(Place.of(part, lengthS), this::stored).add(part, times);
            }
        }
    }

    private Window stored(Place place) {
        Window window = windows.get(place.key());
        return window == null ? new Window() : window;
    }
}
