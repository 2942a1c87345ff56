// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Terms} from "./Terms.sol";

/// @dev Depth, funding and borrow curves of a market. Nobody can change them.
struct CurveParameters {
    /// @dev Skew at which the fill price is twice the index price [WAD base].
    uint256 skewScale;
    /// @dev Skew at which funding saturates [WAD base].
    uint256 fundingScale;
    /// @dev Largest funding rate [WAD per s].
    uint256 maxFundingRate;
    /// @dev Borrow rate of an unused pool; the floor [WAD per s].
    uint256 minBorrowRate;
    /// @dev Borrow rate at the kink [WAD per s].
    uint256 kinkBorrowRate;
    /// @dev Borrow rate at full utilization [WAD per s].
    uint256 maxBorrowRate;
    /// @dev Utilization at which the borrow curve turns steep [WAD].
    uint256 kinkUtilization;
}

/// @dev How orders reach their price.
struct OrderParameters {
    /// @dev Delay between an order and the moment whose price it gets [s].
    uint64 executionDelay;
    /// @dev How long a market order waits for a price of its own [s].
    uint64 maxRoundWait;
    /// @dev How long a market order may be executed once its price exists [s].
    uint64 executionWindow;
    /// @dev Added against the account when no price came within `maxRoundWait` [WAD].
    uint256 latencySpread;
    /// @dev Least fee an order offers to its keeper [WAD quote].
    uint256 minKeeperFee;
}

/// @dev How liquidity providers come and go.
struct PoolParameters {
    /// @dev Largest share of cash that may be reserved [WAD].
    uint256 maxUtilization;
    /// @dev A deposit that falls due below this share of cash is refunded [WAD].
    uint256 minNavRatio;
    /// @dev Wait between a deposit request and its fulfilment [s].
    uint64 depositDelay;
    /// @dev Wait between a redeem request and its fulfilment [s].
    uint64 redeemDelay;
    /// @dev Wait after liquidation becomes possible again before requests are fulfilled [s].
    uint64 settleGrace;
    /// @dev Smallest deposit, and smallest redeem by value at request [token].
    uint256 minRequestToken;
    /// @dev Keeper's fee of each request [token].
    uint256 requestFeeToken;
}

/// @dev Who may change what is not fixed, and how long everybody is warned.
struct PowerParameters {
    /// @dev Announces new terms and caps; zero for a market that never changes.
    address curator;
    /// @dev May stop increases for a while; zero for none.
    address guardian;
    /// @dev Wait between the announcement of a change and its enactment [s].
    uint64 changeDelay;
    /// @dev How long no price must have been used before the oracle may be declared dead [s].
    uint64 deadOracleDelay;
    /// @dev Wait between that declaration and the settlement [s].
    uint64 deadOracleNotice;
}

/// @dev Everything that defines a market.
struct MarketParameters {
    /// @dev Shown as part of the pool share's name and symbol, such as "ETH/USDC".
    string label;
    /// @dev ERC-20 with at most 18 decimals that moves exactly what it is asked to.
    address collateralToken;
    /// @dev An `IOracle`.
    address oracle;
    /// @dev Wait after a restart of the sequencer before anything is liquidated [s].
    uint64 sequencerGrace;
    /// @dev Share of position fees that goes to `protocolFeeReceiver` [WAD]; at most 20%.
    uint256 protocolFeeShare;
    address protocolFeeReceiver;
    /// @dev Largest open interest of either side [WAD base].
    uint256 maxOpenInterest;
    Terms terms;
    CurveParameters curves;
    OrderParameters orders;
    PoolParameters pool;
    PowerParameters powers;
}
