package io.pairingbridge.broker.plugin;

/** Public, since the broker calls it by reflection. */
public final class AdmissionControl implements AdmissionControlMBean {
    private final boolean journalDatasync;
    private final RefusalLog log;

    AdmissionControl(boolean journalDatasync, RefusalLog log) {
        this.journalDatasync = journalDatasync;
        this.log = log;
    }

    @Override
    public boolean isJournalDatasync() {
        return journalDatasync;
    }

    @Override
    public long getRefusedMessages() {
        return log.messages();
    }

    @Override
    public long getRefusedConnections() {
        return log.connections();
    }
}
