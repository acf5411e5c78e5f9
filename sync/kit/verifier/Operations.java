import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * The operation lines of a batch (PROTOCOL.md, section 6.1). A line that breaks a rule is rejected alone and never
 * blocks its neighbours: it is counted as a record, its code becomes a problem, and it has no type.
 */
final class Operations {
    private static final Pattern CONSENT = Pattern.compile("[0-9A-Za-z._:+-]{1,64}");

    private final String prefix;
    private final Report report;

    /** For the batch of one manifest; {@code op_id} is {@code <device>.<epoch>.<seq>.<index>}. */
    Operations(Manifest manifest, Report report) {
        this.prefix = manifest.device() + "." + manifest.epoch() + "." + manifest.seq() + ".";
        this.report = report;
    }

    /** Counts the lines of one part, whose first has this index in the batch. */
    void count(byte[] raw, long records, long first) throws Refusal {
        Lines lines = Lines.of(raw, records);
        long index = first;
        for (Lines.Line line : lines) {
            try {
                report.countType(type(lines.read(line), prefix + index));
            } catch (Refusal refusal) {
                report.problem(refusal);
            }
            report.countRecord();
            index++;
        }
    }

    /** The record type of a sound operation. JSON types first ({@code schema}), then name, forms, and the change. */
    private static String type(Members line, String name) throws Refusal {
        String opId = line.text("op_id");
        String op = line.text("op");
        if (!op.equals("upsert") && !op.equals("tombstone")) {
            throw new Refusal("schema");
        }
        long base = line.count("base_version");
        Members set = line.object("set");
        for (Object value : set.values()) {
            if (value == Json.NULL || value == Json.FRACTION) {
                throw new Refusal("schema");
            }
        }
        List<String> unset = line.texts("unset");
        Members seen = line.object("seen");
        for (Object version : seen.values()) {
            Members.counted(version, 0);
        }
        String rid = line.text("rid");
        String type = line.text("type");
        String at = line.text("at");
        String by = line.text("by");
        String catalogue = line.text("catalogue");
        List<String> evidence = line.texts("evidence");
        List<String> consent = line.texts("consent");
        String reason = line.textOr("reason", Members.ANY, "");

        if (!opId.equals(name)) {
            throw new Refusal("op_id");
        }
        form(rid, Members.UUID);
        form(type, Members.TYPE);
        form(at, Members.MOMENT);
        form(by, Members.TOKEN);
        form(catalogue, Members.TOKEN);
        for (String each : evidence) {
            form(each, Members.DIGEST);
        }
        for (String each : consent) {
            form(each, CONSENT);
        }
        if (op.equals("tombstone")) {
            checkTombstone(set, unset, seen, base, reason);
        } else {
            checkUpsert(set, unset, seen, reason, !evidence.isEmpty());
        }
        return type;
    }

    private static void form(String value, Pattern form) throws Refusal {
        if (!form.matcher(value).matches()) {
            throw new Refusal("op_form");
        }
    }

    private static void checkTombstone(Members set, List<String> unset, Members seen, long base, String reason)
            throws Refusal {
        if (!set.names().isEmpty() || !unset.isEmpty() || !seen.names().isEmpty() || base == 0) {
            throw new Refusal("op_tombstone");
        }
        if (reason.isEmpty()) {
            throw new Refusal("op_reason");
        }
    }

    private static void checkUpsert(Members set, List<String> unset, Members seen, String reason, boolean evidence)
            throws Refusal {
        if (!reason.isEmpty()) {
            throw new Refusal("op_reason");
        }
        if (set.names().isEmpty() && unset.isEmpty() && !evidence) {
            throw new Refusal("op_empty");
        }
        Set<Object> touched = new HashSet<>(set.names());
        touched.addAll(unset);
        if (touched.size() != set.names().size() + unset.size()) {
            throw new Refusal("op_twice");
        }
        if (!touched.equals(seen.names())) {
            throw new Refusal("op_seen");
        }
        for (Object value : set.values()) {
            checkValue(value);
        }
    }

    /** No null (use {@code unset}) and no fraction, at any depth. */
    private static void checkValue(Object value) throws Refusal {
        if (value == Json.NULL || value == Json.FRACTION) {
            throw new Refusal("op_value");
        }
        if (value instanceof List) {
            for (Object item : (List<?>) value) {
                checkValue(item);
            }
        } else if (value instanceof Map) {
            for (Object item : ((Map<?, ?>) value).values()) {
                checkValue(item);
            }
        }
    }
}
