import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Comparator;
import java.util.HashSet;
import java.util.Set;
import java.util.TreeMap;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serdes;

/** What is known of one task: our fold, for the events that the benchmark sends. */
final class TaskState {
    String taskId;
    String name;
    Long lastEventAt;
    Long createdAt;
    Long startedAt;
    Long startRequestedAt;
    int announced;
    Carrier carrier;
    Stand stand;
    Failure failure;
    final Set<Integer> events = new HashSet<>();
    final TreeMap<String, StepState> steps = new TreeMap<>();

    /** The event whose headers give the trace; the least holds. */
    record Carrier(long timestamp, String eventId, String traceId) implements Comparable<Carrier> {
        private static final Comparator<Carrier> ORDER =
                Comparator.comparingLong(Carrier::timestamp).thenComparing(Carrier::eventId);

        @Override
        public int compareTo(Carrier other) {
            return ORDER.compare(this, other);
        }
    }

    /** Where the task stands; the greatest holds. */
    record Stand(long timestamp, int rank, long endedAt) implements Comparable<Stand> {
        private static final Comparator<Stand> ORDER =
                Comparator.comparingLong(Stand::timestamp).thenComparingInt(Stand::rank).thenComparingLong(Stand::endedAt);

        @Override
        public int compareTo(Stand other) {
            return ORDER.compare(this, other);
        }

        boolean isTerminal() {
            return rank >= 2;
        }
    }

    /** A step's failure; the least is the first. */
    record Failure(long timestamp, String stepId, int attempt, String errorClass, String message)
            implements Comparable<Failure> {
        private static final Comparator<Failure> ORDER = Comparator.comparingLong(Failure::timestamp)
                .thenComparing(Failure::stepId)
                .thenComparingInt(Failure::attempt);

        @Override
        public int compareTo(Failure other) {
            return ORDER.compare(this, other);
        }
    }

    TaskState fold(EventRecord event) {
        long at = event.micros("timestamp");
        taskId = event.text("task_id");
        name = Lattice.least(name, event.text("task_name"));
        lastEventAt = Lattice.greatest(lastEventAt, at);
        if (event.traceId() != null) {
            carrier = Lattice.least(carrier, new Carrier(at, event.text("event_id"), event.traceId()));
        }
        if (event.isOfStep()) {
            learnStep(event, at);
        } else {
            learnTask(event, at);
        }
        return this;
    }

    private void learnStep(EventRecord event, long at) {
        String stepId = event.text("step_id");
        if (event.text("event_name").equals("step.failed")) {
            failure = Lattice.least(
                    failure,
                    new Failure(
                            at,
                            stepId,
                            event.number("attempt_number"),
                            event.text("error_class"),
                            event.text("error_message")));
        }
        steps.computeIfAbsent(stepId, unknown -> new StepState()).learn(event, event.digest());
    }

    private void learnTask(EventRecord event, long at) {
        events.add(event.digest());
        int rank = 4;
        switch (event.text("event_name")) {
            case "task.initialize_requested" -> {
                rank = 0;
                createdAt = Lattice.least(createdAt, at);
            }
            case "task.start_requested" -> {
                rank = 1;
                startRequestedAt = Lattice.least(startRequestedAt, at);
            }
            default -> {}
        }
        Long completedAt = event.micros("completed_at");
        stand = Lattice.greatest(stand, new Stand(at, rank, completedAt == null ? at : completedAt));
        if (rank >= StepState.BEGUN) {
            startedAt = Lattice.least(startedAt, event.micros("started_at"));
        }
        Integer total = event.number("total_steps");
        announced = Math.max(announced, total == null ? 0 : total);
    }

    static Serde<TaskState> serde() {
        return Serdes.serdeFrom(
                (topic, state) -> state == null ? null : state.toBytes(),
                (topic, bytes) -> bytes == null ? null : ofBytes(bytes));
    }

    private byte[] toBytes() {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream(1024);
        try (DataOutputStream out = new DataOutputStream(bytes)) {
            Fields.writeText(out, taskId);
            Fields.writeText(out, name);
            for (Long moment : new Long[] {lastEventAt, createdAt, startedAt, startRequestedAt}) {
                Fields.writeMoment(out, moment);
            }
            out.writeInt(announced);
            writeFacts(out);
            Fields.writeNumbers(out, events);
            out.writeInt(steps.size());
            for (var step : steps.entrySet()) {
                out.writeUTF(step.getKey());
                step.getValue().write(out);
            }
        } catch (IOException impossible) {
            throw new UncheckedIOException(impossible);
        }
        return bytes.toByteArray();
    }

    private void writeFacts(DataOutputStream out) throws IOException {
        out.writeBoolean(carrier != null);
        if (carrier != null) {
            out.writeLong(carrier.timestamp);
            out.writeUTF(carrier.eventId);
            out.writeUTF(carrier.traceId);
        }
        out.writeBoolean(stand != null);
        if (stand != null) {
            out.writeLong(stand.timestamp);
            out.writeByte(stand.rank);
            out.writeLong(stand.endedAt);
        }
        out.writeBoolean(failure != null);
        if (failure != null) {
            out.writeLong(failure.timestamp);
            out.writeUTF(failure.stepId);
            out.writeInt(failure.attempt);
            Fields.writeText(out, failure.errorClass);
            Fields.writeText(out, failure.message);
        }
    }

    private static TaskState ofBytes(byte[] bytes) {
        TaskState state = new TaskState();
        try (DataInputStream in = new DataInputStream(new ByteArrayInputStream(bytes))) {
            state.taskId = Fields.readText(in);
            state.name = Fields.readText(in);
            state.lastEventAt = Fields.readMoment(in);
            state.createdAt = Fields.readMoment(in);
            state.startedAt = Fields.readMoment(in);
            state.startRequestedAt = Fields.readMoment(in);
            state.announced = in.readInt();
            state.carrier = in.readBoolean() ? new Carrier(in.readLong(), in.readUTF(), in.readUTF()) : null;
            state.stand = in.readBoolean() ? new Stand(in.readLong(), in.readByte(), in.readLong()) : null;
            state.failure = in.readBoolean()
                    ? new Failure(in.readLong(), in.readUTF(), in.readInt(), Fields.readText(in), Fields.readText(in))
                    : null;
            Fields.readNumbers(in, state.events);
            for (int left = in.readInt(); left > 0; left--) {
                state.steps.put(in.readUTF(), StepState.read(in));
            }
        } catch (IOException impossible) {
            throw new UncheckedIOException(impossible);
        }
        return state;
    }
}
