import java.util.Iterator;
import java.util.NoSuchElementException;

/** The lines of an opened part: each ended by one LF, and exactly as many as promised (PROTOCOL.md, section 6). */
final class Lines implements Iterable<Lines.Line> {
    /** Where one line lies in the part, without its LF. */
    record Line(int offset, int length) {}

    private final byte[] raw;

    private Lines(byte[] raw) {
        this.raw = raw;
    }

    static Lines of(byte[] raw, long records) throws Refusal {
        long found = 0;
        for (byte each : raw) {
            if (each == '\n') {
                found++;
            }
        }
        if (found != records || raw.length == 0 || raw[raw.length - 1] != '\n') {
            throw new Refusal("part_lines");
        }
        return new Lines(raw);
    }

    /** The object that a line holds. */
    Members read(Line line) throws Refusal {
        if (line.length > Limits.LINE) {
            throw new Refusal("line_size");
        }
        return Members.of(Json.read(raw, line.offset, line.length));
    }

    @Override
    public Iterator<Line> iterator() {
        return new Iterator<>() {
            private int at;

            @Override
            public boolean hasNext() {
                return at < raw.length;
            }

            @Override
            public Line next() {
                if (at >= raw.length) {
                    throw new NoSuchElementException();
                }
                int start = at;
                while (raw[at] != '\n') {
                    at++;
                }
                return new Line(start, at++ - start);
            }
        };
    }
}
