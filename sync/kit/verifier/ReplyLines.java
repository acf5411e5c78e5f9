import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** What the parts of a processing receipt or a change page hold (PROTOCOL.md, sections 7 and 8). */
abstract class ReplyLines {
    private final String label;
    private final String owner;
    private final String device;
    private final List<Sealed.Part> parts;
    private final byte[] key;
    protected final Report report;

    private ReplyLines(String label, String owner, Members payload, Keys keys, Report report) throws Refusal {
        this.label = label;
        this.owner = owner;
        this.report = report;
        this.device = payload.text("device", Members.KEYID);
        this.parts = Sealed.readParts(payload.objects("parts"));
        Sealed.Encryption enc = Sealed.Encryption.read(payload.object("enc"));
        long records = payload.count("records");
        long rawBytes = payload.count("raw_bytes");
        payload.checkVersion();
        enc.check();
        Sealed.checkParts(parts, records, rawBytes);
        this.key = keys.device().isEmpty() ? null : enc.contentKey(keys.device(), owner, device);
        if (key != null) {
            report.startCounting();
        }
    }

    static ReplyLines of(Kind kind, Members payload, Keys keys, Report report) throws Refusal {
        return kind == Kind.CHANGE_PAGE ? new Changes(payload, keys, report) : new Verdicts(payload, keys, report);
    }

    int parts() {
        return parts.size();
    }

    /** Opens part n of this envelope and counts its lines. */
    void count(int n, byte[] data) throws Refusal {
        Sealed.Part part = parts.get(n);
        Sealed.checkBytes(data, part.size(), part.sha256());
        if (key == null) {
            return;
        }
        Lines lines = Lines.of(Sealed.openPart(part, data, key, label, owner, device), part.records());
        for (Lines.Line line : lines) {
            count(read(lines, line));
            report.countRecord();
        }
    }

    private static Members read(Lines lines, Lines.Line line) throws Refusal {
        try {
            return lines.read(line);
        } catch (Refusal refusal) {
            throw new Refusal("line");
        }
    }

    protected abstract void count(Members line) throws Refusal;

    /** After the last part: raises {@code totals} where the lines are not those that were promised. */
    void finish() throws Refusal {
        if (key != null) {
            checkTotals();
        }
    }

    protected void checkTotals() throws Refusal {}

    /** Verdicts come in the batch's order, so that the n-th line is for index n. */
    private static final class Verdicts extends ReplyLines {
        /** What a verdict must not carry, so that each line says one thing (section 7). */
        private static final Map<String, Set<String>> UNDUE =
                Map.of(
                        "accepted", Set.of("code", "scope", "role", "values"),
                        "merged", Set.of("code", "scope", "role", "values"),
                        "duplicate", Set.of("code", "scope", "role", "values"),
                        "conflict", Set.of("code", "scope", "role"),
                        "rejected", Set.of("scope", "role", "values", "versions"),
                        "forbidden", Set.of("code", "values", "versions"),
                        "gone", Set.of("code", "scope", "role", "values", "versions"));

        private final String prefix;
        private final Map<String, Long> promised = new HashMap<>();
        private final Map<String, Long> found = new HashMap<>();
        private long index;

        Verdicts(Members payload, Keys keys, Report report) throws Refusal {
            super("jmdesk-verdict-v1", payload.text("batch_id", Members.UUID), payload, keys, report);
            prefix =
                    payload.text("device", Members.KEYID) + "." + payload.ordinal("epoch") + "."
                            + payload.ordinal("seq") + ".";
            Members totals = payload.object("totals");
            long sum = 0;
            for (String verdict : UNDUE.keySet()) {
                long count = totals.countOr(verdict, 0);
                promised.put(verdict, count);
                sum += count;
            }
            if (sum != payload.count("records")) {
                throw new Refusal("totals");
            }
        }

        @Override
        protected void count(Members line) throws Refusal {
            String opId;
            String verdict;
            try {
                opId = line.text("op_id");
                verdict = line.text("verdict");
                line.text("rid");
                if (!UNDUE.containsKey(verdict)) {
                    throw new Refusal("schema");
                }
            } catch (Refusal refusal) {
                throw new Refusal("line");
            }
            if (!opId.equals(prefix + index++)) {
                throw new Refusal("verdict_order");
            }
            for (String member : UNDUE.get(verdict)) {
                if (line.filled(member)) {
                    throw new Refusal("verdict_members");
                }
            }
            boolean silent = verdict.equals("rejected") && !line.filled("code");
            silent |= verdict.equals("forbidden") && !line.filled("scope") && !line.filled("role");
            if (silent) {
                throw new Refusal("verdict_members");
            }
            found.merge(verdict, 1L, Long::sum);
            report.countVerdict(verdict);
        }

        @Override
        protected void checkTotals() throws Refusal {
            for (Map.Entry<String, Long> each : promised.entrySet()) {
                if (!each.getValue().equals(found.getOrDefault(each.getKey(), 0L))) {
                    throw new Refusal("totals");
                }
            }
        }
    }

    /** Changes are whole records; their cursors stay within the page. */
    private static final class Changes extends ReplyLines {
        private final long from;
        private final long to;

        Changes(Members payload, Keys keys, Report report) throws Refusal {
            super("jmdesk-change-v1", payload.text("page_id", Members.UUID), payload, keys, report);
            from = payload.count("from");
            to = payload.count("to");
            if (to < from) {
                throw new Refusal("cursor_back");
            }
        }

        @Override
        protected void count(Members line) throws Refusal {
            long cursor;
            String type;
            try {
                cursor = line.count("cursor");
                type = line.text("type", Members.TYPE);
                line.text("rid", Members.UUID);
                line.count("version");
                boolean tombstone = line.text("op").equals("tombstone");
                if (tombstone && line.has("set") && !line.object("set").names().isEmpty()) {
                    throw new Refusal("op_tombstone");
                }
            } catch (Refusal refusal) {
                throw new Refusal("line");
            }
            if (cursor < from || cursor > to) {
                throw new Refusal("line");
            }
            report.countType(type);
        }
    }
}
