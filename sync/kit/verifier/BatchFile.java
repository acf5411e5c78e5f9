import java.io.IOException;
import java.util.List;

/** A {@code .jmb} from its first byte to its last (PROTOCOL.md, sections 3 to 6). */
final class BatchFile {
    static final String MANIFEST = "manifest.dsse.json";

    private final Container container;
    private final Keys keys;
    private final Report report;

    BatchFile(Container container, Keys keys, Report report) {
        this.container = container;
        this.keys = keys;
        this.report = report;
    }

    /** What cannot be read past is raised; what concerns one part alone is noted, and the rest goes on. */
    void check() throws Refusal, IOException {
        Envelope envelope = Envelope.split(container.entry(MANIFEST, Limits.ENVELOPE));
        byte[] payload = report.opened(envelope, Kind.BATCH_MANIFEST, keys);
        Manifest manifest = Manifest.read(payload);
        if (!manifest.device().equals(report.signer())) {
            throw new Refusal("other_device");
        }
        report.batch(manifest, Crypto.sha256Hex(payload));
        byte[] key = contentKey(manifest);
        Operations operations = new Operations(manifest, report);
        long first = 0;
        for (Sealed.Part part : manifest.parts()) {
            byte[] data = container.entry(String.format("parts/%05d", part.n()), Limits.PART, part.size());
            try {
                checkPart(manifest, part, data, key, operations, first);
            } catch (Refusal refusal) {
                report.problem(refusal);
            }
            first += part.records();
        }
        for (Manifest.Attachment each : manifest.attachments()) {
            byte[] data = container.entry(String.format("attachments/%05d", each.n()), Limits.ATTACHMENT, each.size());
            try {
                checkAttachment(manifest, each, data);
            } catch (Refusal refusal) {
                report.problem(refusal);
            }
        }
        container.finish();
    }

    /** Nothing where no private key was given: then digests are checked and nothing is counted. */
    private byte[] contentKey(Manifest manifest) {
        List<Keys.Opener> openers = keys.platform();
        if (openers.isEmpty()) {
            return null;
        }
        try {
            byte[] key = manifest.enc().contentKey(openers, manifest.batchId(), manifest.device());
            report.startCounting();
            return key;
        } catch (Refusal refusal) {
            report.problem(refusal);
            return null;
        }
    }

    private void checkPart(
            Manifest manifest, Sealed.Part part, byte[] data, byte[] key, Operations operations, long first)
            throws Refusal {
        Sealed.checkBytes(data, part.size(), part.sha256());
        report.countPart();
        if (key != null) {
            byte[] raw =
                    Sealed.openPart(part, data, key, "jmdesk-part-v1", manifest.batchId(), manifest.device());
            operations.count(raw, part.records(), first);
        }
    }

    private void checkAttachment(Manifest manifest, Manifest.Attachment each, byte[] data) throws Refusal {
        Sealed.checkBytes(data, each.size(), each.sha256());
        report.countAttachment();
        if (keys.platform().isEmpty()) {
            return;
        }
        String owner = manifest.batchId() + "/" + each.n();
        byte[] key = each.enc().contentKey(keys.platform(), owner, manifest.device());
        String aad =
                "[\"jmdesk-attachment-v1\",\"" + manifest.batchId() + "\",\"" + manifest.device() + "\"," + each.n()
                        + ",\"" + each.record() + "\"," + each.rawSize() + "]";
        if (Sealed.unsealed(key, each.n(), aad, data).length != each.rawSize()) {
            throw new Refusal("part_seal");
        }
    }
}
