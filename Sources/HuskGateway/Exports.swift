// The gateway's API speaks in Husk's types, so whoever imports it has them too.
#if Gateway
@_exported public import Husk
#endif
