package io.pairingbridge.journal.jdbc;

import java.sql.Connection;
import javax.sql.DataSource;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.jdbc.datasource.SingleConnectionDataSource;

/** The journal's tables, the same SQL on every database. They read and write rows, and decide nothing. */
class Tables {
    private final BatchRowTable batchRows;
    private final BatchTable batches;
    private final AttemptTable attempts;
    private final EndedTryTable endedTries;
    private final JobTable jobs;
    private final DeliveryCountTable deliveryCounts;
    private final MetadataTable metadata;
    private final JobSearch search;

    Tables(DataSource source) {
        JdbcClient sql = JdbcClient.create(source);
        batchRows = new BatchRowTable(sql);
        batches = new BatchTable(sql, batchRows);
        attempts = new AttemptTable(sql);
        endedTries = new EndedTryTable(sql);
        jobs = new JobTable(sql, attempts, endedTries, batchRows);
        deliveryCounts = new DeliveryCountTable(sql);
        metadata = new MetadataTable(sql);
        search = new JobSearch(sql);
    }

    /** All on this connection, which stays open. */
    Tables(Connection connection) {
        this(new SingleConnectionDataSource(connection, true));
    }

    JobTable jobs() {
        return jobs;
    }

    AttemptTable attempts() {
        return attempts;
    }

    EndedTryTable endedTries() {
        return endedTries;
    }

    BatchTable batches() {
        return batches;
    }

    BatchRowTable batchRows() {
        return batchRows;
    }

    DeliveryCountTable deliveryCounts() {
        return deliveryCounts;
    }

    MetadataTable metadata() {
        return metadata;
    }

    JobSearch search() {
        return search;
    }
}
