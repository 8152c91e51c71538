//! Lists the MIB objects that a look reads, by their MIB names; docs/gam.md describes each.
//!
//! The columns of profiles, endpoints and subscribers are in `kinds`.

use crate::transport::snmp::Oid;

/// A column of a table, or a scalar, which is a column with the single cell 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Object {
    pub(super) name: &'static str,
    /// The table's entry, or the group of a scalar.
    pub(super) entry: &'static [u32],
    pub(super) number: u32,
}

impl Object {
    pub(super) fn oid(&self) -> Oid {
        self.at(&[])
    }

    /// Returns the name of one cell.
    pub(super) fn at(&self, index: &[u32]) -> Oid {
        Oid::new([self.entry, &[self.number], index].concat())
    }

    /// Returns the name of the scalar.
    pub(super) fn single(&self) -> Oid {
        self.at(&[0])
    }
}

macro_rules! objects {
    ($entry:expr => $($constant:ident = $number:literal, $name:literal;)*) => {
        $(pub(in crate::observe) const $constant: Object = Object {
            name: $name,
            entry: $entry,
            number: $number,
        };)*
    };
}

pub(super) use objects;

/// Octets of a cell in an answer, name included; for texts, of a usual one. If an answer gets too long, the agent
/// answers tooBig, and the request is halved.
const NUMBER: usize = 25;
pub(super) const MAC: usize = 30;
pub(super) const TEXT: usize = 40;
pub(super) const LONG_TEXT: usize = 44;
pub(super) const QUARTER: usize = 154;

/// A column, and the expected octets of its cell in an answer.
pub(super) type Sized = (&'static Object, usize);

pub(super) const fn number(object: &'static Object) -> Sized {
    (object, NUMBER)
}

/// The columns of a table with unknown rows, grouped into requests.
pub(super) struct Layout {
    pub(super) what: &'static str,
    /// A short column, walked to find the rows.
    pub(super) walked: &'static Object,
    /// Another one, which is asked wherever the first one has no rows.
    pub(super) compared: &'static Object,
    /// The column that identifies a row.
    pub(super) identity: Sized,
    /// The other columns; each group is requested together.
    pub(super) groups: &'static [&'static [Sized]],
}

/// SNMPv2-MIB and SNMP-FRAMEWORK-MIB.
pub(super) mod system {
    use super::Object;

    objects! { &[1, 3, 6, 1, 2, 1, 1] =>
        OBJECT_ID = 2, "sysObjectID";
        UP_TIME = 3, "sysUpTime";
        CONTACT = 4, "sysContact";
        NAME = 5, "sysName";
        LOCATION = 6, "sysLocation";
    }
    objects! { &[1, 3, 6, 1, 6, 3, 10, 2, 1] =>
        ENGINE_BOOTS = 2, "snmpEngineBoots";
    }
    // The interface that has an address, indexed by the address.
    objects! { &[1, 3, 6, 1, 2, 1, 4, 20, 1] =>
        ADDRESS_INTERFACE = 2, "ipAdEntIfIndex";
    }
}

/// The prefix of a GAM's `sysObjectID`; the model's number follows.
pub(super) const PRODUCTS: &[u32] = &[1, 3, 6, 1, 4, 1, 20095, 2000, 1];

/// The first number of physical interfaces (a device is always unit 1); VLAN interfaces have their VLAN's number.
pub(super) const FIRST_PHYSICAL: u32 = 1_000_000;

pub(super) mod sysutil {
    use super::Object;

    objects! { &[1, 3, 6, 1, 4, 1, 20095, 2001, 24, 1, 3, 1] =>
        CPU_10_SECONDS = 3, "gamSysutilStatusCpuLoadAverage10sec";
    }
    // One row, that of unit 1.
    objects! { &[1, 3, 6, 1, 4, 1, 20095, 2001, 24, 1, 3, 3, 1] =>
        LED = 2, "gamSysutilStatusSystemLedDescription";
    }
    // By unit, always 1, and supply.
    objects! { &[1, 3, 6, 1, 4, 1, 20095, 2001, 24, 1, 3, 2, 1] =>
        SUPPLY_STATE = 3, "gamSysutilStatusPowerSupplyState";
    }
    objects! { &[1, 3, 6, 1, 4, 1, 20095, 2001, 24, 1, 3, 4] =>
        UPTIME = 1, "gamSysutilStatusSystemUptimeSystemUptime";
    }
    objects! { &[1, 3, 6, 1, 4, 1, 20095, 2001, 24, 1, 3, 5] =>
        BOARD_MAC = 1, "gamSysutilStatusBoardInfoBoardMacAddress";
        BOARD_SERIAL = 3, "gamSysutilStatusBoardInfoBoardSerial";
    }
    // By sensor: 0 the board, 1 the junction.
    objects! { &[1, 3, 6, 1, 4, 1, 20095, 2001, 24, 1, 3, 6, 1] =>
        MONITOR_LOW = 2, "gamSysutilStatusTemperatureMonitorLowAlarm";
        MONITOR_HIGH = 3, "gamSysutilStatusTemperatureMonitorHighAlarm";
        MONITOR_CRITICAL = 4, "gamSysutilStatusTemperatureMonitorCriticalAlarm";
        MONITOR_TEMPERATURE = 5, "gamSysutilStatusTemperatureMonitorTemperature";
    }
    objects! { &[1, 3, 6, 1, 4, 1, 20095, 2001, 24, 1, 3, 7, 1] =>
        SENSOR_NAME = 2, "gamSysutilStatusTemperatureSensorsName";
        SENSOR_TENTHS = 3, "gamSysutilStatusTemperatureSensorsTemperatureX10";
    }
    objects! { &[1, 3, 6, 1, 4, 1, 20095, 2001, 24, 1, 3, 8, 1] =>
        FAN_RPM = 2, "gamSysutilStatusFanRPM";
    }
}

pub(super) mod firmware {
    use super::Object;

    // Rows 0 to 2.
    objects! { &[1, 3, 6, 1, 4, 1, 20095, 2001, 28, 1, 3, 1, 1] =>
        IMAGE_TYPE = 2, "gamFirmwareStatusImageType";
        IMAGE_VERSION = 4, "gamFirmwareStatusImageVersion";
    }
    /// `GAMFirmwareStatusImageEnum`.
    pub(in crate::observe) const ACTIVE_IMAGE: u32 = 1;
}

/// Files in flash, by number.
pub(super) mod icfg {
    use super::Object;

    objects! { &[1, 3, 6, 1, 4, 1, 20095, 2001, 101, 1, 3, 2, 1] =>
        FILE_NAME = 2, "gamIcfgStatusFileFileName";
        FILE_BYTES = 3, "gamIcfgStatusFileBytes";
        FILE_MODIFIED = 4, "gamIcfgStatusFileModifiedTime";
    }
}

/// By interface, only physical ones.
pub(super) mod port {
    use super::Object;

    objects! { &[1, 3, 6, 1, 4, 1, 20095, 2001, 11, 1, 2, 1, 1] =>
        SHUTDOWN = 2, "gamPortConfigShutdown";
        FORCED_SPEED = 3, "gamPortConfigSpeed";
        MEDIA = 5, "gamPortConfigMediaType";
        ISOLATION = 11, "gamPortConfigRfc5517Mode";
    }
    objects! { &[1, 3, 6, 1, 4, 1, 20095, 2001, 11, 1, 3, 1, 1] =>
        LINK = 2, "gamPortStatusInformationLink";
        SPEED = 5, "gamPortStatusInformationSpeed";
        SFP_TYPE = 6, "gamPortStatusInformationSFPType";
        SFP_VENDOR = 7, "gamPortStatusInformationSFPVendorName";
        SFP_PART = 8, "gamPortStatusInformationSFPVendorPN";
        SFP_REVISION = 9, "gamPortStatusInformationSFPVendorRev";
        SFP_SERIAL = 10, "gamPortStatusInformationSFPVendorSN";
    }
    objects! { &[1, 3, 6, 1, 4, 1, 20095, 2001, 11, 1, 5, 2, 1] =>
        RX_OCTETS = 2, "gamPortStatisticsIfGroupStatisticsRxOctets";
        RX_DISCARDS = 7, "gamPortStatisticsIfGroupStatisticsRxDiscards";
        RX_ERRORS = 8, "gamPortStatisticsIfGroupStatisticsRxErrors";
        TX_OCTETS = 9, "gamPortStatisticsIfGroupStatisticsTxOctets";
        TX_DISCARDS = 14, "gamPortStatisticsIfGroupStatisticsTxDiscardPkts";
        TX_ERRORS = 15, "gamPortStatisticsIfGroupStatisticsTxErrorPkts";
    }
}

/// By interface: the SFP module of an uplink.
pub(super) mod module {
    use super::Object;

    objects! { &[1, 3, 6, 1, 4, 1, 20095, 2001, 121, 1, 3, 2, 1] =>
        MEASURES = 1002, "gamDdmiStatusInterfaceA2Supported";
        HEAT = 1003, "gamDdmiStatusInterfaceA2CurrentTemperature";
        VOLTAGE = 1008, "gamDdmiStatusInterfaceA2CurrentVoltage";
        BIAS = 1013, "gamDdmiStatusInterfaceA2CurrentTxBias";
        SENT = 1018, "gamDdmiStatusInterfaceA2CurrentTxPower";
        RECEIVED = 1023, "gamDdmiStatusInterfaceA2CurrentRxPower";
    }
}

/// By interface.
pub(super) mod vlan {
    use super::Object;

    objects! { &[1, 3, 6, 1, 4, 1, 20095, 2001, 13, 1, 2, 2, 1, 1] =>
        MODE = 2, "gamVlanConfigInterfacesMode";
        ACCESS_VLAN = 3, "gamVlanConfigInterfacesAccessVlan";
        TRUNK_NATIVE = 4, "gamVlanConfigInterfacesTrunkNativeVlan";
        TRUNK_QUARTER_1 = 6, "gamVlanConfigInterfacesTrunkVlans0KTo1K";
        TRUNK_QUARTER_2 = 7, "gamVlanConfigInterfacesTrunkVlans1KTo2K";
        TRUNK_QUARTER_3 = 8, "gamVlanConfigInterfacesTrunkVlans2KTo3K";
        TRUNK_QUARTER_4 = 9, "gamVlanConfigInterfacesTrunkVlans3KTo4K";
        HYBRID_NATIVE = 10, "gamVlanConfigInterfacesHybridNativeVlan";
        HYBRID_QUARTER_1 = 15, "gamVlanConfigInterfacesHybridVlans0KTo1K";
        HYBRID_QUARTER_2 = 16, "gamVlanConfigInterfacesHybridVlans1KTo2K";
        HYBRID_QUARTER_3 = 17, "gamVlanConfigInterfacesHybridVlans2KTo3K";
        HYBRID_QUARTER_4 = 18, "gamVlanConfigInterfacesHybridVlans3KTo4K";
    }
    pub(in crate::observe) const TRUNK_QUARTERS: [&Object; 4] = [
        &TRUNK_QUARTER_1,
        &TRUNK_QUARTER_2,
        &TRUNK_QUARTER_3,
        &TRUNK_QUARTER_4,
    ];
    pub(in crate::observe) const HYBRID_QUARTERS: [&Object; 4] = [
        &HYBRID_QUARTER_1,
        &HYBRID_QUARTER_2,
        &HYBRID_QUARTER_3,
        &HYBRID_QUARTER_4,
    ];
}

/// Whether the device sends names of subscribers upstream (GAM-DHCP-RELAY-MIB and GAM-PPPOE-HELPER-MIB).
pub(super) mod relay {
    use super::Object;

    objects! { &[1, 3, 6, 1, 4, 1, 20095, 2001, 55, 1, 2, 1] =>
        DHCP_RELAY = 1, "gamDhcpRelayConfigGlobalsMode";
        DHCP_INFORMATION = 3, "gamDhcpRelayConfigGlobalsInformationMode";
    }
    objects! { &[1, 3, 6, 1, 4, 1, 20095, 2001, 147, 1, 2, 1] =>
        PPPOE_INFORMATION = 1, "gamPppoeHelperConfigForwardInformationMode";
    }
}

pub(super) mod ghn {
    use super::Object;

    objects! { &[1, 3, 6, 1, 4, 1, 20095, 2001, 143, 1, 2, 5] =>
        SUBSCRIBER_MODEL = 10, "gamGhnAgentConfigGlobalSubscriberModel";
    }
    // By interface.
    objects! { &[1, 3, 6, 1, 4, 1, 20095, 2001, 143, 1, 2, 10, 1] =>
        PORT_NAME = 30, "gamGhnAgentConfigPortName";
        PORT_MODE = 50, "gamGhnAgentConfigPortPortMode";
    }
    /// `GAMGhnAgentSubscriberModel`.
    pub(in crate::observe) const PORT_AWARE: u32 = 1;

    // By interface.
    objects! { &[1, 3, 6, 1, 4, 1, 20095, 2001, 143, 1, 3, 10, 10, 1] =>
        PORT_ENABLED = 20, "gamGhnAgentStatusPortBriefAdminEnabled";
        PORT_HEARD = 40, "gamGhnAgentStatusPortBriefEndpointsMacAddressList";
        PORT_OUTAGE = 50, "gamGhnAgentStatusPortBriefOutageNSA";
        PORT_SERVICE_OUTAGE = 60, "gamGhnAgentStatusPortBriefOutageSA";
    }
    objects! { &[1, 3, 6, 1, 4, 1, 20095, 2001, 143, 1, 5, 10, 10, 1] =>
        PORT_RX_OCTETS = 20, "gamGhnAgentStatisticsPortEthRxBytes";
        PORT_TX_OCTETS = 30, "gamGhnAgentStatisticsPortEthTxBytes";
        PORT_RX_PACKETS = 40, "gamGhnAgentStatisticsPortEthRxPackets";
        PORT_TX_PACKETS = 50, "gamGhnAgentStatisticsPortEthTxPackets";
        PORT_RX_ERRORS = 60, "gamGhnAgentStatisticsPortEthRxErrors";
    }
    // By number of the endpoint.
    objects! { &[1, 3, 6, 1, 4, 1, 20095, 2001, 143, 1, 3, 20, 10, 1] =>
        ENDPOINT_STATE = 90, "gamGhnAgentStatusEndpointBriefState";
    }
    objects! { &[1, 3, 6, 1, 4, 1, 20095, 2001, 143, 1, 3, 20, 20, 1] =>
        RATE_UPTIME = 60, "gamGhnAgentStatusEndpointDetailedUptime";
        RATE_DOWN = 110, "gamGhnAgentStatusEndpointDetailedRxPhyRate";
        RATE_UP = 120, "gamGhnAgentStatusEndpointDetailedTxPhyRate";
        RATE_DOWN_MOST = 150, "gamGhnAgentStatusEndpointDetailedRxMaxXput";
        RATE_UP_MOST = 160, "gamGhnAgentStatusEndpointDetailedTxMaxXput";
    }
    objects! { &[1, 3, 6, 1, 4, 1, 20095, 2001, 143, 1, 5, 20, 20, 1] =>
        UP_ERROR = 30, "gamGhnAgentStatisticsEndpointGhnUsErrorPercent";
        UP_ABORT = 40, "gamGhnAgentStatisticsEndpointGhnUsAbortPercent";
        DOWN_ERROR = 1030, "gamGhnAgentStatisticsEndpointGhnDsErrorPercent";
        DOWN_ABORT = 1040, "gamGhnAgentStatisticsEndpointGhnDsAbortPercent";
    }
    // By number of the endpoint and Ethernet port.
    objects! { &[1, 3, 6, 1, 4, 1, 20095, 2001, 143, 1, 3, 20, 30, 1] =>
        LINK_VALID = 10, "gamGhnAgentStatusEndpointLinkValid";
        LINK_UP = 20, "gamGhnAgentStatusEndpointLinkLink";
        LINK_DUPLEX = 30, "gamGhnAgentStatusEndpointLinkFdx";
        LINK_SPEED = 40, "gamGhnAgentStatusEndpointLinkSpeed";
    }
    objects! { &[1, 3, 6, 1, 4, 1, 20095, 2001, 143, 1, 5, 20, 10, 1] =>
        COUNTED_VALID = 10, "gamGhnAgentStatisticsEndpointEthValid";
        COUNTED_RX_OCTETS = 20, "gamGhnAgentStatisticsEndpointEthRxBytes";
        COUNTED_TX_OCTETS = 30, "gamGhnAgentStatisticsEndpointEthTxBytes";
        COUNTED_RX_ERRORS = 60, "gamGhnAgentStatisticsEndpointEthRxErrors";
    }
    // The same by MAC address and Ethernet port.
    objects! { &[1, 3, 6, 1, 4, 1, 20095, 2001, 143, 1, 5, 30, 10, 1] =>
        MAC_COUNTED_VALID = 10, "gamGhnAgentStatisticsEndpointByMacEthValid";
        MAC_COUNTED_RX_OCTETS = 20, "gamGhnAgentStatisticsEndpointByMacEthRxBytes";
        MAC_COUNTED_TX_OCTETS = 30, "gamGhnAgentStatisticsEndpointByMacEthTxBytes";
        MAC_COUNTED_RX_ERRORS = 60, "gamGhnAgentStatisticsEndpointByMacEthRxErrors";
    }

    // By MAC address: whom the device has configured or hears.
    objects! { &[1, 3, 6, 1, 4, 1, 20095, 2001, 143, 1, 3, 30, 10, 1] =>
        HEARD_ENDPOINT = 20, "gamGhnAgentStatusEndpointByMacBriefConfEndpointId";
        HEARD_PORT = 40, "gamGhnAgentStatusEndpointByMacBriefDetectedPortIfIndex";
        HEARD_USER = 50, "gamGhnAgentStatusEndpointByMacBriefConfUserId";
        HEARD_STATE = 90, "gamGhnAgentStatusEndpointByMacBriefState";
        HEARD_MODEL = 110, "gamGhnAgentStatusEndpointByMacBriefModelString";
    }
    objects! { &[1, 3, 6, 1, 4, 1, 20095, 2001, 143, 1, 3, 30, 20, 1] =>
        LINE_UPTIME = 60, "gamGhnAgentStatusEndpointByMacDetailedUptime";
        LINE_FIRMWARE = 70, "gamGhnAgentStatusEndpointByMacDetailedFwVersion";
        LINE_DOWN_RATE = 110, "gamGhnAgentStatusEndpointByMacDetailedRxPhyRate";
        LINE_UP_RATE = 120, "gamGhnAgentStatusEndpointByMacDetailedTxPhyRate";
        LINE_DOWN_MOST = 150, "gamGhnAgentStatusEndpointByMacDetailedRxMaxXput";
        LINE_UP_MOST = 160, "gamGhnAgentStatusEndpointByMacDetailedTxMaxXput";
    }
    // By MAC address and Ethernet port.
    objects! { &[1, 3, 6, 1, 4, 1, 20095, 2001, 143, 1, 3, 30, 30, 1] =>
        ETHERNET_VALID = 10, "gamGhnAgentStatusEndpointByMacLinkValid";
        ETHERNET_LINK = 20, "gamGhnAgentStatusEndpointByMacLinkLink";
        ETHERNET_DUPLEX = 30, "gamGhnAgentStatusEndpointByMacLinkFdx";
        ETHERNET_SPEED = 40, "gamGhnAgentStatusEndpointByMacLinkSpeed";
    }
}

pub(super) mod alarm {
    use super::Object;

    objects! { &[1, 3, 6, 1, 4, 1, 20095, 2001, 145, 1, 3, 1, 1] =>
        UUID = 3, "gamAlarmStatusActiveUUID";
        ENTITY = 4, "gamAlarmStatusActiveIfDescr";
        CONDITION = 5, "gamAlarmStatusActiveCondType";
        SEVERITY = 10, "gamAlarmStatusActiveSeverity";
        SERVICE_AFFECTING = 11, "gamAlarmStatusActiveServAff";
        OCCURRED = 12, "gamAlarmStatusActiveOccurTime";
    }
    // Clears the log when it is set, which gamctl never does. An agent that has it has the table of alarms.
    objects! { &[1, 3, 6, 1, 4, 1, 20095, 2001, 145, 1, 4, 1] =>
        CLEAR = 1, "gamAlarmControlActionsClear";
    }
}
