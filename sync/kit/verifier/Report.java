import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/** What was found in one file, gathered while it is read; written as one line of JSON. */
final class Report {
    private final String file;
    private final Set<String> problems = new LinkedHashSet<>();
    private final List<String> envelopes = new ArrayList<>();
    private final Map<String, Long> byType = new TreeMap<>();
    private final Map<String, Long> byVerdict = new TreeMap<>();
    private String kind = "unknown";
    private String signature = "not_checked";
    private String signer;
    private String batch;
    private String digest;
    private String unit;
    private String device;
    private Long epoch;
    private Long seq;
    private String prev;
    private long parts;
    private long attachments;
    private long records;
    private boolean counting;

    Report(String file) {
        this.file = file;
    }

    /** Nothing wrong, every signature checked and valid. */
    boolean sound() {
        return problems.isEmpty() && signature.equals("valid");
    }

    void kind(String kind) {
        this.kind = kind;
    }

    void problem(Refusal refusal) {
        problems.add(refusal.code);
    }

    /** The payload of an envelope whose signature held; notes what became of the check. */
    byte[] opened(Envelope envelope, Kind kind, Keys keys) throws Refusal {
        try {
            return noted(envelope, envelope.open(kind, keys));
        } catch (Refusal refusal) {
            throw noted(refusal);
        }
    }

    byte[] openedSelfNamed(Envelope envelope, Kind kind, Keys keys) throws Refusal {
        try {
            return noted(envelope, envelope.openSelfNamed(kind, keys));
        } catch (Refusal refusal) {
            throw noted(refusal);
        }
    }

    private byte[] noted(Envelope envelope, byte[] payload) {
        signature = "valid";
        signer = envelope.keyid;
        envelopes.add(envelope.type);
        return payload;
    }

    private Refusal noted(Refusal refusal) {
        switch (refusal.code) {
            case "protocol.signature":
                signature = "invalid";
                break;
            case "protocol.key_unknown":
                signature = "unknown_key";
                break;
            default:
                signature = "not_checked";
        }
        return refusal;
    }

    /** Id of the key that signed the last envelope. */
    String signer() {
        return signer;
    }

    void batch(Manifest manifest, String digest) {
        this.batch = manifest.batchId();
        this.digest = digest;
        this.unit = manifest.unit();
        this.device = manifest.device();
        this.epoch = manifest.epoch();
        this.seq = manifest.seq();
        this.prev = manifest.prev();
    }

    void reply(String unit, String device, long epoch) {
        this.unit = unit;
        this.device = device;
        this.epoch = epoch;
    }

    void countPart() {
        parts++;
    }

    void countAttachment() {
        attachments++;
    }

    /** From here on lines are opened; without this the report says that nothing was counted. */
    void startCounting() {
        counting = true;
    }

    void countRecord() {
        records++;
    }

    void countType(String type) {
        byType.merge(type, 1L, Long::sum);
    }

    void countVerdict(String verdict) {
        byVerdict.merge(verdict, 1L, Long::sum);
    }

    String json() {
        StringBuilder out = new StringBuilder("{");
        member(out, "file", quoted(file));
        member(out, "kind", quoted(kind));
        member(out, "sound", String.valueOf(sound()));
        member(out, "signature", quoted(signature));
        member(out, "signer", quoted(signer));
        member(out, "unit", quoted(unit));
        member(out, "device", quoted(device));
        member(out, "epoch", String.valueOf(epoch));
        member(out, "seq", String.valueOf(seq));
        member(out, "prev", quoted(prev));
        member(out, "batch_id", quoted(batch));
        member(out, "digest", quoted(digest));
        member(out, "envelopes", list(envelopes));
        member(out, "parts", String.valueOf(parts));
        member(out, "attachments", String.valueOf(attachments));
        member(out, "records", counting ? String.valueOf(records) : "null");
        member(out, "by_type", counts(byType));
        member(out, "by_verdict", counts(byVerdict));
        member(out, "problems", list(problems));
        return out.append('}').toString();
    }

    private static void member(StringBuilder out, String name, String value) {
        out.append(out.length() > 1 ? "," : "").append('"').append(name).append("\":").append(value);
    }

    private static String counts(Map<String, Long> counts) {
        StringBuilder out = new StringBuilder("{");
        counts.forEach((name, count) -> member(out, name, String.valueOf(count)));
        return out.append('}').toString();
    }

    private static String list(Iterable<String> texts) {
        List<String> quoted = new ArrayList<>();
        texts.forEach(text -> quoted.add(quoted(text)));
        return "[" + String.join(",", quoted) + "]";
    }

    private static String quoted(String text) {
        if (text == null) {
            return "null";
        }
        StringBuilder out = new StringBuilder("\"");
        for (char c : text.toCharArray()) {
            if (c == '"' || c == '\\') {
                out.append('\\').append(c);
            } else if (c < ' ' || c > '~') {
                out.append(String.format("\\u%04x", (int) c));
            } else {
                out.append(c);
            }
        }
        return out.append('"').toString();
    }
}
