import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import java.util.Collection;
import java.util.Set;
import java.util.TreeSet;

/** The fields of a state as bytes; each may be unknown. */
final class Fields {
    static void writeMoment(DataOutput out, Long moment) throws IOException {
        out.writeBoolean(moment != null);
        if (moment != null) {
            out.writeLong(moment);
        }
    }

    static Long readMoment(DataInput in) throws IOException {
        return in.readBoolean() ? (Long) in.readLong() : null;
    }

    static void writeText(DataOutput out, String text) throws IOException {
        out.writeBoolean(text != null);
        if (text != null) {
            out.writeUTF(text);
        }
    }

    static String readText(DataInput in) throws IOException {
        return in.readBoolean() ? in.readUTF() : null;
    }

    static void writeTexts(DataOutput out, Collection<String> texts) throws IOException {
        out.writeInt(texts == null ? -1 : texts.size());
        if (texts != null) {
            for (String text : texts) {
                out.writeUTF(text);
            }
        }
    }

    static Set<String> readTexts(DataInput in) throws IOException {
        int left = in.readInt();
        Set<String> texts = left < 0 ? null : new TreeSet<>();
        for (; left > 0; left--) {
            texts.add(in.readUTF());
        }
        return texts;
    }

    static void writeNumbers(DataOutput out, Collection<Integer> numbers) throws IOException {
        out.writeInt(numbers.size());
        for (int number : numbers) {
            out.writeInt(number);
        }
    }

    static void readNumbers(DataInput in, Collection<Integer> numbers) throws IOException {
        for (int left = in.readInt(); left > 0; left--) {
            numbers.add(in.readInt());
        }
    }

    private Fields() {}
}
