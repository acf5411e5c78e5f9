import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Checks signed batches ({@code .jmb}) and replies ({@code .jmr}) of jmdesk, protocol version 1: container, signature,
 * digests, content keys, and every line. One line of JSON for each file; README.md beside this folder explains it.
 *
 * <p>Exit status: 0 every file is sound, 1 one is not, 2 the command line is wrong or a file cannot be read.
 */
public final class JmVerify {
    private static final String USAGE = "usage: java -cp . JmVerify FILE [FILE ...] --keys keys.json";
    /** Local header (30) and the longest first name: enough to tell a batch from a reply. */
    private static final int HEAD = 64;
    private static final int NAME_OFFSET = 30;
    private static final int LONGEST_KEY_FILE = 1024 * 1024;

    private JmVerify() {}

    public static void main(String[] arguments) {
        System.exit(run(List.of(arguments)));
    }

    private static int run(List<String> arguments) {
        List<String> files = new ArrayList<>(arguments);
        int option = files.indexOf("--keys");
        if (option < 0 || option + 1 == files.size()) {
            return usage(USAGE);
        }
        String keyFile = files.get(option + 1);
        files.subList(option, option + 2).clear();
        if (files.isEmpty() || files.stream().anyMatch(file -> file.startsWith("-"))) {
            return usage(USAGE);
        }
        try {
            Keys keys = readKeys(Path.of(keyFile));
            boolean sound = true;
            for (String file : files) {
                Report report = check(Path.of(file), keys);
                System.out.println(report.json());
                sound &= report.sound();
            }
            return sound ? 0 : 1;
        } catch (Refusal refusal) {
            return usage(keyFile + ": " + refusal.code);
        } catch (IOException error) {
            return usage("cannot read " + error.getMessage());
        }
    }

    private static int usage(String words) {
        System.err.println(words);
        return 2;
    }

    private static Keys readKeys(Path path) throws Refusal, IOException {
        try (InputStream source = Files.newInputStream(path)) {
            return Keys.read(source.readNBytes(LONGEST_KEY_FILE));
        }
    }

    /** Never raises for what a file holds: that becomes a problem in its report. */
    private static Report check(Path path, Keys keys) throws IOException {
        Report report = new Report(String.valueOf(path.getFileName()));
        try (BufferedInputStream source = new BufferedInputStream(Files.newInputStream(path))) {
            source.mark(HEAD);
            String head = new String(source.readNBytes(HEAD), StandardCharsets.ISO_8859_1);
            source.reset();
            Container container = new Container(source);
            // The first entry's name tells what kind of file this is; a name that is neither is refused as a batch's.
            if (head.startsWith(ReplyFile.INDEX, NAME_OFFSET)) {
                report.kind("reply");
                new ReplyFile(container, keys, report).check();
            } else {
                report.kind("batch");
                new BatchFile(container, keys, report).check();
            }
        } catch (Refusal refusal) {
            report.problem(refusal);
        }
        return report;
    }
}
