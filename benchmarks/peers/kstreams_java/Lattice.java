/** The joins of what two events know; null is unknown. */
final class Lattice {
    static <T extends Comparable<? super T>> T least(T a, T b) {
        if (a == null || b == null) {
            return a == null ? b : a;
        }
        return a.compareTo(b) <= 0 ? a : b;
    }

    static <T extends Comparable<? super T>> T greatest(T a, T b) {
        if (a == null || b == null) {
            return a == null ? b : a;
        }
        return a.compareTo(b) >= 0 ? a : b;
    }

    private Lattice() {}
}
