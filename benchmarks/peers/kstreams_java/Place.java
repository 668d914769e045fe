import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;

/** Which window: of tasks or of steps, their name, its length in seconds, its beginning in microseconds. */
record Place(boolean ofTask, String name, int lengthS, long start) {
    static final int[] LENGTHS_S = {60, 3600};
    private static final ObjectMapper JSON = new ObjectMapper();

    /** Returns the window of a length in which what a contribution stands for ended. */
    static Place of(Contribution part, int lengthS) {
        long start = part.endedAt() - Math.floorMod(part.endedAt(), lengthS * 1_000_000L);
        return new Place(part.ofTask(), part.name(), lengthS, start);
    }

    String kind() {
        return ofTask ? "task" : "step";
    }

    /** Returns the key of its records, which is ours. */
    byte[] key() {
        try {
            return JSON.writeValueAsBytes(List.of(kind(), name, lengthS, start));
        } catch (JsonProcessingException impossible) {
            throw new UncheckedIOException(impossible);
        }
    }

    static Place ofKey(byte[] key) {
        try {
            var parts = JSON.readTree(key);
            return new Place(
                    parts.get(0).textValue().equals("task"),
                    parts.get(1).textValue(),
                    parts.get(2).intValue(),
                    parts.get(3).longValue());
        } catch (IOException impossible) {
            throw new UncheckedIOException(impossible);
        }
    }
}
