// SPDX-License-Identifier: MIT
pragma solidity 0.8.35;

import {Profit} from "./Profit.sol";

/// @notice {Profit} with a token such as USDC.
contract ProfitTest is Profit {
    function _decimals() internal pure override returns (uint8) {
        return 6;
    }
}
