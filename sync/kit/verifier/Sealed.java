import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** Parts, attachments and the content keys that open them (PROTOCOL.md, sections 5 and 6). */
final class Sealed {
    static final String CONTENT_ALG = "A256GCM";
    static final String WRAP_ALG = "HPKE-X25519-HKDFSHA256-A256GCM";
    private static final int CONTENT_KEY = 32;
    private static final int NONCE = 12;

    private Sealed() {}

    /** One entry of {@code recipients}: the content key, sealed to the key of that id. */
    record Recipient(String kid, String alg, String wrapped) {}

    /** The member {@code enc}: how something is sealed and who can open it. */
    record Encryption(String alg, List<Recipient> recipients) {
        static Encryption read(Members enc) throws Refusal {
            String alg = enc.text("alg", Members.TOKEN);
            List<Recipient> recipients = new ArrayList<>();
            for (Members each : enc.objects("recipients")) {
                recipients.add(
                        new Recipient(
                                each.text("kid", Members.KEYID),
                                each.text("alg", Members.TOKEN),
                                each.text("wrapped")));
            }
            return new Encryption(alg, recipients);
        }

        void check() throws Refusal {
            Set<String> kids = new HashSet<>();
            for (Recipient each : recipients) {
                if (!each.alg.equals(WRAP_ALG)) {
                    throw new Refusal("algorithm");
                }
                kids.add(each.kid);
            }
            if (!alg.equals(CONTENT_ALG)) {
                throw new Refusal("algorithm");
            }
            if (recipients.isEmpty() || recipients.size() > Limits.RECIPIENTS || kids.size() != recipients.size()) {
                throw new Refusal("recipients");
            }
        }

        /** The content key, by the first of our keys that it is sealed to. */
        byte[] contentKey(List<Keys.Opener> openers, String owner, String device) throws Refusal {
            for (Keys.Opener opener : openers) {
                for (Recipient each : recipients) {
                    if (each.kid.equals(opener.keyid())) {
                        return unwrapped(opener, each, owner, device);
                    }
                }
            }
            throw new Refusal("not_a_recipient");
        }
    }

    /** One entry of {@code parts}. */
    record Part(long n, long records, long size, long rawSize, String sha256) {}

    /** The list of parts, and what it must add up to. */
    static List<Part> readParts(List<Members> entries) throws Refusal {
        List<Part> parts = new ArrayList<>();
        for (Members each : entries) {
            parts.add(
                    new Part(
                            each.count("n"),
                            each.count("records"),
                            each.count("size"),
                            each.count("raw_size"),
                            each.text("sha256", Members.DIGEST)));
        }
        return parts;
    }

    static void checkParts(List<Part> parts, long records, long rawBytes) throws Refusal {
        if (parts.size() > Limits.PARTS) {
            throw new Refusal("parts_limit");
        }
        long n = 0;
        for (Part part : parts) {
            if (part.n != n++) {
                throw new Refusal("part_numbers");
            }
        }
        long sumRecords = 0;
        long sumRaw = 0;
        for (Part part : parts) {
            if (part.records < 1 || part.records > Limits.RECORDS_PER_PART) {
                throw new Refusal("part_records");
            }
            if (part.size > Limits.PART) {
                throw new Refusal("part_size");
            }
            if (part.rawSize > Limits.RAW_PART) {
                throw new Refusal("part_raw_size");
            }
            sumRecords += part.records;
            sumRaw += part.rawSize;
        }
        if (sumRecords != records || sumRaw != rawBytes) {
            throw new Refusal("sums");
        }
    }

    /** Size and digest of a ciphertext: needs no key. */
    static void checkBytes(byte[] ciphertext, long size, String sha256) throws Refusal {
        if (ciphertext.length != size) {
            throw new Refusal("part_bytes");
        }
        if (!Crypto.sha256Hex(ciphertext).equals(sha256)) {
            throw new Refusal("part_digest");
        }
    }

    /** The lines of a part: digest, tag, gzip shape and raw size are checked, in this order. */
    static byte[] openPart(Part part, byte[] ciphertext, byte[] key, String label, String owner, String device)
            throws Refusal {
        checkBytes(ciphertext, part.size, part.sha256);
        String aad =
                "[\"" + label + "\",\"" + owner + "\",\"" + device + "\"," + part.n + "," + part.records + ","
                        + part.rawSize + "]";
        return Gzip.open(unsealed(key, part.n, aad, ciphertext), (int) part.rawSize);
    }

    /** The bytes behind AES-256-GCM; the nonce is n as 12 bytes, big-endian. */
    static byte[] unsealed(byte[] key, long n, String aad, byte[] ciphertext) throws Refusal {
        byte[] nonce = ByteBuffer.allocate(NONCE).putInt(0).putLong(n).array();
        try {
            return Crypto.unseal(key, nonce, aad.getBytes(StandardCharsets.US_ASCII), ciphertext);
        } catch (GeneralSecurityException error) {
            throw new Refusal("part_seal");
        }
    }

    private static byte[] unwrapped(Keys.Opener opener, Recipient sealed, String owner, String device)
            throws Refusal {
        String info = "jmdesk-cek-v1|" + owner + "|" + device + "|" + sealed.kid;
        byte[] wrapped = Envelope.base64(sealed.wrapped);
        try {
            byte[] key =
                    Hpke.open(
                            wrapped,
                            opener.privateKey(),
                            opener.publicKey(),
                            info.getBytes(StandardCharsets.US_ASCII));
            if (key.length == CONTENT_KEY) {
                return key;
            }
        } catch (GeneralSecurityException error) {
            // answered below, as a key of another length is
        }
        throw new Refusal("content_key");
    }
}
