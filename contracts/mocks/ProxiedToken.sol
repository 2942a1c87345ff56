// SPDX-License-Identifier: MIT
pragma solidity 0.8.35;

import {ERC1967Proxy} from "@openzeppelin/contracts/proxy/ERC1967/ERC1967Proxy.sol";

import {ProxiedTokenLogic} from "./ProxiedTokenLogic.sol";

/// @title ProxiedToken
/// @notice A token behind a proxy, so that gas is measured as with the stablecoins that are used in earnest.
contract ProxiedToken is ERC1967Proxy {
    constructor(
        address logic,
        string memory symbol
    ) ERC1967Proxy(logic, abi.encodeCall(ProxiedTokenLogic.initialize, (symbol))) {}
}
