//! Declares the rules that a single key or value can break.

use crate::inventory::rules::rules;

rules! {
    /// A key that gamctl does not know has no effect, although its author expects one.
    UNKNOWN_KEY = "unknown-key", Error, "a key that does not exist here",
    wrong: [("service-plans.toml", "[service_plan.home-100]\ndown = 100\nup = 100\nupp = 50\n")],
    right: [("service-plans.toml", "[service_plan.home-100]\ndown = 100\nup = 100\n")];

    /// Without this key the object has no meaning, and a default would be a guess.
    MISSING_KEY = "missing-key", Error, "a key that must be given is not there",
    wrong: [("devices/maple.toml", "[device.maple-a]\naddress = \"10.20.0.11\"\n")],
    right: [("devices/maple.toml", "[device.maple-a]\nmodel = \"GAM-24-C\"\naddress = \"10.20.0.11\"\n")];

    /// TOML distinguishes text, numbers and `true`/`false`: `\"100\"` is a text, `100` a number.
    WRONG_TYPE = "wrong-type", Error, "a value of the wrong type",
    wrong: [("service-plans.toml", "[service_plan.home-100]\ndown = \"100\"\nup = 100\n")],
    right: [("service-plans.toml", "[service_plan.home-100]\ndown = 100\nup = 100\n")];

    /// The device, or gamctl itself, accepts only numbers of this range.
    OUT_OF_RANGE = "out-of-range", Error, "a number outside of what is possible",
    wrong: [("network.toml", "schema = 1\n[vlans]\nmanagement = 4096\n")],
    right: [("network.toml", "schema = 1\n[vlans]\nmanagement = 4093\n")];

    /// The inventory's form may change with a new version of gamctl; reading a newer form with older rules would
    /// misunderstand it.
    UNKNOWN_SCHEMA = "unknown-schema", Error, "the inventory is written in a form that this gamctl does not know",
    wrong: [("network.toml", "schema = 2\n")],
    right: [("network.toml", "schema = 1\n")];

    /// Only these words mean something here.
    UNKNOWN_WORD = "unknown-word", Error, "a word that is not one of the possible ones",
    wrong: [("devices/maple.toml", "[device.maple-a]\nmodel = \"GAM-24-C\"\naddress = \"10.20.0.11\"\nstate = \"manged\"\n")],
    right: [("devices/maple.toml", "[device.maple-a]\nmodel = \"GAM-24-C\"\naddress = \"10.20.0.11\"\nstate = \"managed\"\n")];

    /// The model decides how many ports there are and what they can do, so it must be one of the 27 that exist.
    UNKNOWN_MODEL = "unknown-model", Error, "a model name that no GAM has",
    wrong: [("devices/maple.toml", "[device.maple-a]\nmodel = \"GAM-24-CX\"\naddress = \"10.20.0.11\"\n")],
    right: [("devices/maple.toml", "[device.maple-a]\nmodel = \"GAM-24-C\"\naddress = \"10.20.0.11\"\n")];

    /// Control characters, `?`, quotes and backslashes act on the device's command line, even inside quotes; characters
    /// that cannot be seen or that reorder text mislead the reader of a plan. `\"\\n\"` in TOML is a control character
    /// too. Text that goes to a device must be printable ASCII.
    UNSAFE_TEXT = "unsafe-text", Error, "a text with a character that a device or a terminal would misread",
    wrong: [("service-plans.toml", "[service_plan.home-100]\ndown = 100\nup = 100\ndescription = \"fast?\"\n")],
    right: [("service-plans.toml", "[service_plan.home-100]\ndown = 100\nup = 100\ndescription = \"fast\"\n")];

    /// Devices keep names of at most 31 characters and descriptions of at most 63; what is longer would be cut or
    /// refused half-way through an apply.
    TOO_LONG = "too-long", Error, "a text that is longer than the device keeps",
    wrong: [("devices/maple.toml", "[device.maple-a]\nmodel = \"GAM-24-C\"\naddress = \"10.20.0.11\"\n[device.maple-a.port.1]\nname = \"riser-on-the-north-side-of-the-building\"\n")],
    right: [("devices/maple.toml", "[device.maple-a]\nmodel = \"GAM-24-C\"\naddress = \"10.20.0.11\"\n[device.maple-a.port.1]\nname = \"riser-north\"\n")];

    /// Ids are letters, digits, `.`, `_` and `-`, beginning with a letter or a digit: they become file names, addresses
    /// of pages and labels. Names on a device may have spaces inside, never outside.
    BAD_NAME = "bad-name", Error, "a name that cannot be one",
    wrong: [("service-plans.toml", "[service_plan.home-100]\ndown = 100\nup = 100\n[service_plan.\"gig plan\"]\nunthrottled = true\n")],
    right: [("service-plans.toml", "[service_plan.home-100]\ndown = 100\nup = 100\n[service_plan.gig-plan]\nunthrottled = true\n")];

    /// An endpoint is known by its MAC address and by nothing else.
    BAD_MAC = "bad-mac", Error, "a text that is not an endpoint's MAC address",
    wrong: [("subscribers/maple.toml", "[subscriber.acct-1]\ndevice = \"maple-a\"\nport = 1\nendpoint = \"00:0e:d8:00:00\"\nservice_plan = \"home-100\"\nvlan = 101\n")],
    right: [("subscribers/maple.toml", "[subscriber.acct-1]\ndevice = \"maple-a\"\nport = 1\nendpoint = \"00:0e:d8:00:00:01\"\nservice_plan = \"home-100\"\nvlan = 101\n")];

    /// Devices are reached by IP address: a name may lead to another device later.
    BAD_ADDRESS = "bad-address", Error, "a text that is not a management address",
    wrong: [("devices/maple.toml", "[device.maple-a]\nmodel = \"GAM-24-C\"\naddress = \"maple-a.example.net\"\n")],
    right: [("devices/maple.toml", "[device.maple-a]\nmodel = \"GAM-24-C\"\naddress = \"10.20.0.11\"\n")];

    /// A pin that cannot match anything would lock the device out, or worse, be thought to protect it.
    BAD_PIN = "bad-pin", Error, "a serial number or host key fingerprint that cannot be one",
    wrong: [("devices/maple.toml", "[device.maple-a]\nmodel = \"GAM-24-C\"\naddress = \"10.20.0.11\"\nhost_key = \"MD5:16:27:ac\"\n")],
    right: [("devices/maple.toml", "[device.maple-a]\nmodel = \"GAM-24-C\"\naddress = \"10.20.0.11\"\nhost_key = \"SHA256:uNiVztksCsDhcc0u9e8BrrJDbSRUl6Ja1gJIWzlDZ3E\"\n")];

    /// VLAN lists are written as the device writes them: VLANs and ranges with commas between.
    BAD_VLAN_LIST = "bad-vlan-list", Error, "a text that is not a list of VLANs",
    wrong: [("devices/maple.toml", "[device.maple-a]\nmodel = \"GAM-24-C\"\naddress = \"10.20.0.11\"\n[device.maple-a.uplink.1]\nallowed_vlans = \"3 to 4093\"\n")],
    right: [("devices/maple.toml", "[device.maple-a]\nmodel = \"GAM-24-C\"\naddress = \"10.20.0.11\"\n[device.maple-a.uplink.1]\nallowed_vlans = \"3-4093\"\n")];

    /// Git keeps everything for ever and shows it to everyone who may read the repository. The inventory names secrets;
    /// their values come from the environment, a file, a command or an encrypted file. gamctl never repeats such a value.
    SECRET_IN_INVENTORY = "secret-in-inventory", Error, "a secret is written where everyone can read it",
    wrong: [("credentials.toml", "[credentials.default]\nsnmp = { version = \"2c\", community = \"s3cr3t\" }\nssh = { user = \"admin\", password = { secret = \"gam-ssh\" } }\n")],
    right: [("credentials.toml", "[credentials.default]\nsnmp = { version = \"2c\", community = { secret = \"gam-snmp\" } }\nssh = { user = \"admin\", password = { secret = \"gam-ssh\" } }\n")];

    /// A duration is a whole number with its unit: `30s`, `2m` or `1h`. It is one day at most.
    BAD_DURATION = "bad-duration", Error, "a text that is not a duration",
    wrong: [("policy.toml", "[waves]\nsettle = \"2 minutes\"\n")],
    right: [("policy.toml", "[waves]\nsettle = \"2m\"\n")];

    /// A day is written with year, month and day, `"2027-03-01"`, and must be in the calendar.
    BAD_DATE = "bad-date", Error, "a value that is not a day",
    wrong: [("subscribers/maple.toml", "[subscriber.acct-1]\ndevice = \"maple-a\"\nport = 1\nendpoint = \"00:0e:d8:00:00:01\"\nservice_plan = \"home-100\"\nvlan = 101\nhold = { keys = [\"state\"], why = \"trial\", until = \"1 March 2027\" }\n")],
    right: [("subscribers/maple.toml", "[subscriber.acct-1]\ndevice = \"maple-a\"\nport = 1\nendpoint = \"00:0e:d8:00:00:01\"\nservice_plan = \"home-100\"\nvlan = 101\nhold = { keys = [\"state\"], why = \"trial\", until = \"2027-03-01\" }\n")];

    /// Billing is reached over https, so that no one on the way reads the key or changes an answer. Plain http is accepted
    /// only to this host, where twins listen. A user or a password does not belong into the address.
    BAD_BILLING_ADDRESS = "bad-billing-address", Error, "a text that is not the address of a billing system",
    wrong: [("billing.toml", "[billing.sonar]\nkind = \"sonar\"\naddress = \"http://isp.sonar.software\"\nlogin = { token = { secret = \"sonar-token\" } }\n")],
    right: [("billing.toml", "[billing.sonar]\nkind = \"sonar\"\naddress = \"https://isp.sonar.software\"\nlogin = { token = { secret = \"sonar-token\" } }\n")];

    /// A share is a whole percentage of something there is, from `1%` to `100%`.
    BAD_SHARE = "bad-share", Error, "a text that is not a percentage",
    wrong: [("policy.toml", "[waves]\nthen = [\"0.5%\"]\n")],
    right: [("policy.toml", "[waves]\nthen = [\"5%\", \"25%\"]\n")];

    /// Times of day are written with 24 hours and two digits each, `09:00`. A window may end at `24:00`, but not begin then.
    BAD_TIME = "bad-time", Error, "a text that is not a time of day",
    wrong: [("policy.toml", "[[window]]\nfrom = \"9 am\"\nto = \"16:00\"\nzone = \"America/Montreal\"\n")],
    right: [("policy.toml", "[[window]]\nfrom = \"09:00\"\nto = \"16:00\"\nzone = \"America/Montreal\"\n")];

    /// A window needs a time zone by its IANA name, so that it follows the clock changes of the place.
    UNKNOWN_ZONE = "unknown-zone", Error, "a name that is not a time zone",
    wrong: [("policy.toml", "[[window]]\nfrom = \"09:00\"\nto = \"16:00\"\nzone = \"Montreal\"\n")],
    right: [("policy.toml", "[[window]]\nfrom = \"09:00\"\nto = \"16:00\"\nzone = \"America/Montreal\"\n")];

    /// A lane recognises commits by the email address of their author, or by the key that signed them. Any other text would
    /// match no commit, and the lane would hold for no one.
    BAD_AUTHOR = "bad-author", Error, "an author or a signer that no commit can have",
    wrong: [("policy.toml", "[lane.helpdesk]\nauthors = [\"Help Desk\"]\nmay = [\"subscriber.state\"]\n")],
    right: [("policy.toml", "[lane.helpdesk]\nauthors = [\"helpdesk@example.net\"]\nmay = [\"subscriber.state\"]\n")];

    /// The device knows double tagging, trunk mode and port-aware subscribers, but no documented command sets them.
    /// A desired state that cannot be reached would stay pending for ever.
    NO_TRANSPORT = "no-transport", Error, "something that no way to the device can set",
    wrong: [("devices/birch.toml", "[device.birch-a]\nmodel = \"GAM-12-M\"\naddress = \"10.20.0.12\"\nsubscriber_model = \"port-aware\"\n")],
    right: [("devices/birch.toml", "[device.birch-a]\nmodel = \"GAM-12-M\"\naddress = \"10.20.0.12\"\n")];

    /// Every kind of object has its own files, so that a person knows where to look.
    WRONG_FILE = "wrong-file", Error, "an object in a file of another kind",
    wrong: [("devices/extra.toml", "[service_plan.home-200]\ndown = 200\nup = 200\n")],
    right: [("service-plans/extra.toml", "[service_plan.home-200]\ndown = 200\nup = 200\n")];
}
