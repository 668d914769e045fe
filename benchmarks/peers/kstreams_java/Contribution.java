import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;

/** What a task or a step adds to the minute and the hour in which it ended; microseconds, a duration may be unknown. */
record Contribution(boolean ofTask, String name, long endedAt, int rank, int retries, long duration) {
    static final int FIRST_OUTCOME = 2;
    static final long UNKNOWN = -1;

    /** Returns what a task counts for, if it is over, and each of its steps that is. */
    static List<Contribution> of(TaskState state) {
        List<Contribution> found = new ArrayList<>(state.steps.size() + 1);
        int retries = 0;
        for (StepState step : state.steps.values()) {
            StepState.Figures figures = step.figures();
            int again = Math.max(0, figures.tries() - 1);
            retries += again;
            if (figures.rank() >= FIRST_OUTCOME && figures.ended() != null) {
                long duration = figures.time() == null ? UNKNOWN : figures.time();
                found.add(new Contribution(
                        false, orEmpty(step.name), figures.ended(), figures.rank(), again, duration));
            }
        }
        TaskState.Stand stand = state.stand;
        if (stand != null && stand.isTerminal()) {
            Long start = state.startedAt == null ? state.startRequestedAt : state.startedAt;
            long duration = start == null ? UNKNOWN : StepState.between(start, stand.endedAt());
            found.add(new Contribution(true, orEmpty(state.name), stand.endedAt(), stand.rank(), retries, duration));
        }
        return found;
    }

    private static String orEmpty(String name) {
        return name == null ? "" : name;
    }

    /** Returns contributions as they are stored; null for none. */
    static byte[] toBytes(List<Contribution> parts) {
        if (parts.isEmpty()) {
            return null;
        }
        ByteArrayOutputStream bytes = new ByteArrayOutputStream(48 * parts.size());
        try (DataOutputStream out = new DataOutputStream(bytes)) {
            for (Contribution part : parts) {
                out.writeBoolean(part.ofTask);
                out.writeUTF(part.name);
                out.writeLong(part.endedAt);
                out.writeByte(part.rank);
                out.writeInt(part.retries);
                out.writeLong(part.duration);
            }
        } catch (IOException impossible) {
            throw new UncheckedIOException(impossible);
        }
        return bytes.toByteArray();
    }

    static List<Contribution> ofBytes(byte[] bytes) {
        List<Contribution> parts = new ArrayList<>();
        try (DataInputStream in = new DataInputStream(new ByteArrayInputStream(bytes == null ? new byte[0] : bytes))) {
            while (in.available() > 0) {
                parts.add(new Contribution(
                        in.readBoolean(), in.readUTF(), in.readLong(), in.readByte(), in.readInt(), in.readLong()));
            }
        } catch (IOException impossible) {
            throw new UncheckedIOException(impossible);
        }
        return parts;
    }
}
