/** Every kind of signed message and the role whose key signs it (PROTOCOL.md, section 3); none stands for another. */
enum Kind {
    BATCH_MANIFEST("batch-manifest", "device"),
    CUSTODY_RECEIPT("custody-receipt", "platform"),
    PROCESSING_RECEIPT("processing-receipt", "platform"),
    CHANGE_PAGE("change-page", "platform"),
    REPLY_INDEX("reply-index", "platform"),
    TRUST("trust", "root"),
    ENROLMENT_REQUEST("enrolment-request", "device"),
    ENROLMENT_GRANT("enrolment-grant", "platform"),
    DEVICE_STANDING("device-standing", "platform"),
    SESSION("session", "device"),
    RESCUE_MANIFEST("rescue-manifest", "device"),
    PROVISION("provision", "provisioning"),
    PACKAGE("package", "publisher");

    final String type;
    final String role;

    Kind(String name, String role) {
        this.type = "application/vnd.jmdesk." + name + ".v1+json";
        this.role = role;
    }

    static Kind of(String type) throws Refusal {
        for (Kind kind : values()) {
            if (kind.type.equals(type)) {
                return kind;
            }
        }
        throw new Refusal("payload_type");
    }
}
